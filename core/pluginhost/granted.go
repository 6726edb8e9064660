package pluginhost

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/extension"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/naming"
)

// asked lists the entities whose records were granted, as far as they have a name,
// where the manifest asks for them.
func (n Needs) asked(manifest Needs) []mention.Mention {
	var list []mention.Mention
	for name := range n.Records.entries() {
		file := n.Records.File
		if manifest.Records.Node != nil {
			if key, _ := below(manifest.Records.Node, name.Value); key != nil {
				name, file = key, manifest.Records.File
			}
		}
		if name.Value != "*" {
			list = append(list, mention.Mention{Where: fmt.Sprintf("%s:%d: needs.records", file, name.Line), Entity: name.Value})
		}
	}
	return list
}

// Check returns a line for all that a plugin does to what is not its own without
// having been granted it. The model has its Entities.
func (n Needs) Check(c snapshot.Contribution, m *schema.Model) error {
	s := shortfall{needs: n, plugin: c, model: m}
	s.problems = extension.Needs{Fields: n.Fields, Constrains: n.Constrains}.Check(m, c.Plugin, c.Entities)
	s.rules("BeforeSave", c.BeforeSave)
	s.rules("BeforeDelete", c.BeforeDelete)
	for _, f := range c.Fields {
		if s.others(f.Entity) && !slices.Contains(n.Fields, f.Entity) {
			s.lacks("field "+f.Entity+"."+f.Field.Name, "%[1]s is not the plugin's own; needs has to have fields: [%[1]s]", f.Entity)
		}
	}
	for _, topic := range c.Topics {
		if c.PartyData.Handled && (topic == naming.PartyMerged || topic == naming.PartyErased) {
			continue // a duty, and no right
		}
		s.topic(topic)
	}
	for _, e := range c.Endpoints {
		if !slices.ContainsFunc(n.HTTP, func(r Route) bool { return r.covers(e) }) {
			s.lacks("endpoint "+e.Path, "it is open to everybody; needs has to have http: [%q]", strings.TrimSpace(e.Method+" "+e.Path))
		}
	}
	for _, name := range c.Services {
		if !slices.Contains(n.Services, name) {
			s.problems = append(s.problems, extension.LacksService(c.Plugin, name))
		}
	}
	for _, p := range c.Pages {
		if !slices.Contains(n.Pages, p.Name) {
			s.problems = append(s.problems, extension.LacksPage(c.Plugin, p.Name))
		}
	}
	return s.problems.Err()
}

// shortfall is what a plugin does and was not granted.
type shortfall struct {
	needs    Needs
	plugin   snapshot.Contribution
	model    *schema.Model
	problems strictyaml.Problems
}

func (s *shortfall) lacks(what, format string, args ...any) {
	s.problems = append(s.problems, extension.Lacks(s.plugin.Plugin, what, format, args...))
}

func (s *shortfall) others(name string) bool {
	return extension.IsOfOthers(s.model, s.plugin.Plugin, name)
}

func (s *shortfall) rules(what string, entities []string) {
	for _, name := range entities {
		if s.others(name) && !slices.Contains(s.needs.Rules, name) {
			s.lacks(what, "%s is not the plugin's own; needs has to have rules: [%s]", name, name)
		}
	}
}

func (s *shortfall) topic(topic string) {
	source, _, _ := strings.Cut(topic, ".")
	granted := slices.Contains(s.needs.Events, topic) || slices.Contains(s.needs.Events, source+".*") || slices.Contains(s.needs.Events, "*")
	if source != s.plugin.Plugin && (s.model.Entity(source) == nil || s.others(source)) && !granted {
		s.lacks("topic "+topic, "these events are not the plugin's own; needs has to have events: [%s]", topic)
	}
}
