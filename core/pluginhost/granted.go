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
	"github.com/openxrm/xrm/sdk/pluginpb"
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
	var problems strictyaml.Problems
	lacks := func(what, format string, args ...any) {
		problems = append(problems, strictyaml.Problem{
			File:    path.Join(c.Plugin, ManifestFile),
			Message: what + ": " + fmt.Sprintf(format, args...) + fmt.Sprintf("; then approve it: xrm plugin approve %s", c.Plugin),
		})
	}
	others := func(name string) bool { e := m.Entity(name); return e != nil && e.Layer != c.Layer() }
	for _, source := range c.Entities {
		var file struct {
			Extend string `yaml:"extend"`
		}
		_ = yaml.Unmarshal(source.Data, &file) // the model has read it
		if others(file.Extend) && !slices.Contains(n.Fields, file.Extend) {
			lacks("extend "+file.Extend, "%s is not the plugin's own; needs has to have fields: [%s]", file.Extend, file.Extend)
		}
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"BeforeSave", c.BeforeSave}, {"BeforeDelete", c.BeforeDelete}} {
		for _, name := range list.names {
			if others(name) && !slices.Contains(n.Rules, name) {
				lacks(list.what, "%s is not the plugin's own; needs has to have rules: [%s]", name, name)
			}
		}
	}
	for _, f := range c.Fields {
		if others(f.Entity) && !slices.Contains(n.Fields, f.Entity) {
			lacks("field "+f.Entity+"."+f.Field.Name, "%s is not the plugin's own; needs has to have fields: [%s]", f.Entity, f.Entity)
		}
	}
	for _, topic := range c.Topics {
		source, _, _ := strings.Cut(topic, ".")
		granted := slices.Contains(n.Events, topic) || slices.Contains(n.Events, source+".*") || slices.Contains(n.Events, "*")
		if c.PartyData.Handled && (topic == pluginpb.PartyMerged || topic == pluginpb.PartyErased) {
			continue // a duty, and no right
		}
		if source != c.Plugin && (m.Entity(source) == nil || others(source)) && !granted {
			lacks("topic "+topic, "these events are not the plugin's own; needs has to have events: [%s]", topic)
		}
	}
	for _, e := range c.Endpoints {
		if !slices.ContainsFunc(n.HTTP, func(r Route) bool { return r.covers(e) }) {
			lacks("endpoint "+e.Path, "it is open to everybody; needs has to have http: [%q]", strings.TrimSpace(e.Method+" "+e.Path))
		}
	}
	return problems.Err()
}
