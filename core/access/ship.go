package access

import (
	"fmt"
	"slices"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// Shipped are the roles of a site together with those that plugins ship, each
// called PLUGIN.ROLE, so that none takes the place of another. Problems are those
// of the plugins' roles, without regard to a model.
func (r *Roles) Shipped(rights []PluginRights) (*Roles, strictyaml.Problems) {
	var shipped []*role
	var problems strictyaml.Problems
	for _, p := range rights {
		if p.Roles == nil {
			continue
		}
		for pair := range slices.Chunk(p.Roles.Content, 2) {
			one := &role{file: p.File, plugin: p.Plugin}
			problems = append(problems, strictyaml.DecodeTree(p.File, pair[1], one)...)
			one.name = p.Plugin + "." + pair[0].Value // whatever stands below it
			if i := slices.IndexFunc(r.roles, func(other *role) bool { return other.name == one.name }); i >= 0 {
				problems = append(problems, strictyaml.Problem{File: p.File, Line: pair[0].Line, Message: fmt.Sprintf(
					"the role %q is already defined in %s; give that one another name, or take this one out of approved.yaml", one.name, r.roles[i].file)})
			}
			shipped = append(shipped, one)
		}
	}
	if len(shipped) == 0 {
		return r, problems
	}
	return newRoles(slices.Concat(r.roles, shipped)...), problems
}

// faultsOfPlugins are the faults of the roles that plugins ship, in a model.
func (r *Roles) faultsOfPlugins(m *schema.Model) strictyaml.Problems {
	var shipped []*role
	for _, one := range r.roles {
		if one.plugin != "" {
			shipped = append(shipped, one)
		}
	}
	return compile(m, shipped).faults
}
