package access

import (
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Shown returns the fields that the actor may see in any record at all of the
// entity, in the form of Visible: what every rule for reading lets see, together.
// Of what is no rule's, the system fields are left.
func (r *Roles) Shown(m *schema.Model, a core.Actor, e *schema.Entity) (map[string]bool, error) {
	able := allowing(read, r.grants(m, a, e))
	if len(able) == 0 {
		return systemPaths(), nil
	}
	return union(able), nil
}

// Allows says whether any rule lets the actor do this to any record of the entity
// or role, and write the field at the storage path; "" stands for none in
// particular. Which records those are, Writable says.
func (r *Roles) Allows(m *schema.Model, a core.Actor, e *schema.Entity, action core.Action, path string) bool {
	v, known := verbOf[action]
	return known && r.may(m, a, e, v, path)
}

// may is Allows for any verb.
func (r *Roles) may(m *schema.Model, a core.Actor, e *schema.Entity, v verb, path string) bool {
	return slices.ContainsFunc(r.grants(m, a, e), func(g *grant) bool {
		if v == create && g.on.IsRole() && !e.IsRole() {
			return false // what is created without a role is not what the rule speaks of
		}
		return g.filters[v] != nil && (path == "" || g.rights.right(m, path) >= mayWrite)
	})
}

// Shown implements record.Policy.
func (p *Policy) Shown(m *schema.Model, a core.Actor, e *schema.Entity) (map[string]bool, error) {
	return p.common(a, func(roles *Roles, a core.Actor) (map[string]bool, error) { return roles.Shown(m, a, e) })
}

// Allows implements record.Policy.
func (p *Policy) Allows(m *schema.Model, a core.Actor, e *schema.Entity, action core.Action, path string) bool {
	if a.Via != "" && !p.plugin(a.Via).Allows(m, asPlugin(a), e, action, path) {
		return false
	}
	return a.IsPlugin() || p.users.Allows(m, a, e, action, path)
}
