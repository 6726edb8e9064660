package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// siteEntities reads the site's own definitions.
func siteEntities(c Config) ([]schema.Source, error) {
	if c.Entities == "" {
		return nil, nil
	}
	if err := folder("entities", "the entity definitions", c.Entities); err != nil {
		return nil, err
	}
	return schema.ReadSources("site", filepath.ToSlash(c.Entities), os.DirFS(c.Entities))
}

// fileModel is the model of the definitions that are in files: without those
// of the plugins.
func fileModel(c Config) (*schema.Model, error) {
	site, err := siteEntities(c)
	if err != nil {
		return nil, err
	}
	return onTop(site)
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

// loadEntities reads a site's definitions on top of the shipped ones.
func loadEntities(dir string) (*schema.Model, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("there is no folder %s; name the folder with the entity definitions", dir)
	}
	site, err := schema.ReadSources("site", filepath.ToSlash(dir), os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	return onTop(site)
}

// onTop composes definitions with the shipped ones, to what the API has names
// for.
func onTop(site []schema.Source) (*schema.Model, error) {
	m, err := schema.Load(append(entities.Sources(), site...)...)
	if err != nil {
		return nil, err
	}
	if err := graphql.Check(m); err != nil {
		return nil, err
	}
	return m, nil
}
