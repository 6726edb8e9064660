package pluginhost

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/naming"
	"go.yaml.in/yaml/v3"
)

// asked lists the entities whose records were granted, as far as they have a name,
// where the manifest asks for them.
func (n Needs) asked(manifest Needs) []mention.Mention {
	var list []mention.Mention
	if n.Records.Node == nil {
		return nil
	}
	for i := 0; i+1 < len(n.Records.Node.Content); i += 2 {
		name, file := n.Records.Node.Content[i], n.Records.File
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
	for _, source := range c.Entities {
		var file struct {
			Extend string `yaml:"extend"`
		}
		_ = yaml.Unmarshal(source.Data, &file) // the model has read it
		s.field("extend "+file.Extend, file.Extend)
	}
	s.rules("BeforeSave", c.BeforeSave)
	s.rules("BeforeDelete", c.BeforeDelete)
	for _, f := range c.Fields {
		s.field("field "+f.Entity+"."+f.Field.Name, f.Entity)
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
	s.problems = append(s.problems, strictyaml.Problem{
		File:    path.Join(s.plugin.Plugin, ManifestFile),
		Message: what + ": " + fmt.Sprintf(format, args...) + fmt.Sprintf("; then approve it: xrm plugin approve %s", s.plugin.Plugin),
	})
}

// others says whether an entity is there and is not the plugin's own.
func (s *shortfall) others(name string) bool {
	e := s.model.Entity(name)
	return e != nil && e.Layer != s.plugin.Layer()
}

func (s *shortfall) field(what, entity string) {
	if s.others(entity) && !slices.Contains(s.needs.Fields, entity) {
		s.lacks(what, "%s is not the plugin's own; needs has to have fields: [%s]", entity, entity)
	}
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
