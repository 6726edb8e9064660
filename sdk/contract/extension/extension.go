package extension

import (
	"fmt"
	"path"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/contract/mention"
	"go.yaml.in/yaml/v3"
)

// Needs is the part of a manifest's needs that is about fields in the records of
// others.
type Needs struct {
	Fields     []string // entities that the plugin adds fields to
	Constrains []string // entities whose records these fields bind
}

// Check returns a problem for all that the definitions of a plugin do to what is
// not its own without its needs asking for it. The model has the definitions.
func (n Needs) Check(m *schema.Model, plugin string, definitions []schema.Source) strictyaml.Problems {
	var problems strictyaml.Problems
	for _, source := range definitions {
		var file struct {
			Extend string `yaml:"extend"`
		}
		_ = yaml.Unmarshal(source.Data, &file) // the model has read it
		if IsOfOthers(m, plugin, file.Extend) && !slices.Contains(n.Fields, file.Extend) {
			problems = append(problems, Lacks(plugin, "extend "+file.Extend, "%[1]s is not the plugin's own; needs has to have fields: [%[1]s]", file.Extend))
		}
	}
	for _, e := range m.Entities() {
		if !IsOfOthers(m, plugin, e.Name) || slices.Contains(n.Constrains, e.Name) {
			continue
		}
		for _, f := range e.Fields {
			if f.Layer() != mention.Layer(plugin) || e.IsRole() && f.Path == "" { // which is the base's
				continue
			}
			if binds := f.Constraint(); binds != "" {
				problems = append(problems, strictyaml.Problem{File: f.File(), Line: f.Line, Message: fmt.Sprintf(
					"field %[1]q %[2]s, which binds all who save records of %[3]s, and %[3]s is not the plugin's own; needs in %[4]s has to have constrains: [%[3]s]; then approve it: xrm plugin approve %[5]s",
					f.Name, binds, e.Name, manifest(plugin), plugin)})
			}
		}
	}
	return problems
}

// IsOfOthers says whether an entity is there and is not the plugin's own.
func IsOfOthers(m *schema.Model, plugin, entity string) bool {
	e := m.Entity(entity)
	return e != nil && e.Layer != mention.Layer(plugin)
}

// Lacks is what a plugin does to what is not its own, and the line of its manifest
// that would ask for it.
func Lacks(plugin, what, format string, args ...any) strictyaml.Problem {
	return strictyaml.Problem{
		File:    manifest(plugin),
		Message: what + ": " + fmt.Sprintf(format, args...) + "; then approve it: xrm plugin approve " + plugin,
	}
}

// LacksService is a service that nobody has granted.
func LacksService(plugin, name string) strictyaml.Problem {
	return Lacks(plugin, "service "+name, "it goes on by itself for as long as the plugin runs; needs has to have services: [%s]", name)
}

// LacksPage is a page that nobody has granted.
func LacksPage(plugin, name string) strictyaml.Problem {
	return Lacks(plugin, "page "+name, "people see it beside those of xrm; needs has to have pages: [%s]", name)
}

func manifest(plugin string) string { return path.Join(plugin, "plugin.yaml") }
