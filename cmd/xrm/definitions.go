package main

import (
	"fmt"
	"os"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/catalog"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/sdk/contract/worktime"
)

// siteEntities reads the site's own definitions.
func siteEntities(c Config) ([]schema.Source, error) {
	if c.Entities == "" {
		return nil, nil
	}
	if err := folder("entities", "the entity definitions", c.Entities); err != nil {
		return nil, err
	}
	return catalog.ReadSite(c.Entities)
}

// fileModel is the model of the definitions that are in files: without those
// of the plugins.
func fileModel(c Config) (*schema.Model, error) {
	site, err := siteEntities(c)
	if err != nil {
		return nil, err
	}
	return catalog.Lint(shipped(c), site, graphql.Check, mongo.Check)
}

// loadRoles reads the shipped roles and the site's. The rules are checked
// against the model.
func loadRoles(c Config, m *schema.Model) (*access.Roles, error) {
	var sources []schema.Source
	if c.Roles != "" {
		if err := folder("roles", "the roles", c.Roles); err != nil {
			return nil, err
		}
		var err error
		if sources, err = schema.ReadSources("site", c.Roles, os.DirFS(c.Roles)); err != nil {
			return nil, err
		}
	}
	return access.LoadRoles(m, sources)
}

// loadCalendars reads the calendars of the site.
func loadCalendars(c Config) (*worktime.Calendars, error) {
	if c.Calendars == "" {
		return nil, nil
	}
	if err := folder("calendars", "the calendars", c.Calendars); err != nil {
		return nil, err
	}
	sources, err := schema.ReadSources("site", c.Calendars, os.DirFS(c.Calendars))
	if err != nil {
		return nil, err
	}
	return worktime.Load(sources)
}

// entitiesIn reads the definitions in a folder that is named as an argument.
func entitiesIn(dir string) ([]schema.Source, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s; name the folder with the entity definitions", dir)
	}
	return catalog.ReadSite(dir)
}

// lintEntities reads the definitions in a folder on top of the shipped ones. Those of mails
// count among them where the folder needs them: whether its site has a mail server, it
// does not say.
func lintEntities(dir string) (*schema.Model, error) {
	site, err := entitiesIn(dir)
	if err != nil {
		return nil, err
	}
	m, err := catalog.Lint(entities.Sources(), site, graphql.Check, mongo.Check)
	if err != nil {
		m, err = catalog.Lint(entities.All(), site, graphql.Check, mongo.Check)
	}
	return m, err
}
