package pluginhost

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"go.yaml.in/yaml/v3"
)

// CheckName refuses a plugin that is called like what is not its own: nobody
// could tell its events from those of the entity.
func (c Contribution) CheckName(m *schema.Model) error {
	if e := m.Entity(c.Plugin); e != nil && e.Layer != c.Layer() {
		return fmt.Errorf("the plugin %s is called like the entity %s of %s, so their events would be taken for each other's; rename one", c.Plugin, e.Name, e.Layer)
	}
	return nil
}

// Unmet lists what the plugin asks for and the model does not have: records of an
// entity, or events of one that came after the plugin. It serves all the same,
// since another plugin may bring it yet.
func (c Contribution) Unmet(m *schema.Model) []string {
	err := errors.Join(mention.Check(m, c.Asked), mention.UnmetTopics(m, c.Plugin, c.Topics))
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

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

// CheckNeeds returns a line for all that the plugin does to what is not its own
// without having been granted it. The model has its Entities. What is known from
// an earlier run was checked then, and does nothing before its process is up.
func (c Contribution) CheckNeeds(m *schema.Model) error {
	if c.Needs == nil {
		return nil
	}
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
		if others(file.Extend) && !slices.Contains(c.Needs.Fields, file.Extend) {
			lacks("extend "+file.Extend, "%s is not the plugin's own; needs has to have fields: [%s]", file.Extend, file.Extend)
		}
	}
	for _, list := range []struct {
		what  string
		names []string
	}{{"BeforeSave", c.BeforeSave}, {"BeforeDelete", c.BeforeDelete}} {
		for _, name := range list.names {
			if others(name) && !slices.Contains(c.Needs.Rules, name) {
				lacks(list.what, "%s is not the plugin's own; needs has to have rules: [%s]", name, name)
			}
		}
	}
	for _, f := range c.Fields {
		if others(f.Entity) && !slices.Contains(c.Needs.Fields, f.Entity) {
			lacks("field "+f.Entity+"."+f.Field.Name, "%s is not the plugin's own; needs has to have fields: [%s]", f.Entity, f.Entity)
		}
	}
	for _, topic := range c.Topics {
		source, _, _ := strings.Cut(topic, ".")
		granted := slices.Contains(c.Needs.Events, topic) || slices.Contains(c.Needs.Events, source+".*") || slices.Contains(c.Needs.Events, "*")
		if c.PartyData.Handled && (topic == pluginpb.PartyMerged || topic == pluginpb.PartyErased) {
			continue // a duty, and no right
		}
		if source != c.Plugin && (m.Entity(source) == nil || others(source)) && !granted {
			lacks("topic "+topic, "these events are not the plugin's own; needs has to have events: [%s]", topic)
		}
	}
	for _, e := range c.Endpoints {
		if !slices.ContainsFunc(c.Needs.HTTP, func(r Route) bool { return r.covers(e) }) {
			lacks("endpoint "+e.Path, "it is open to everybody; needs has to have http: [%q]", strings.TrimSpace(e.Method+" "+e.Path))
		}
	}
	return problems.Err()
}
