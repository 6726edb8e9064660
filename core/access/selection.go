package access

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

var verbOf = map[core.Action]verb{
	core.Created: create, core.Updated: update, core.Deleted: remove, core.Restored: remove, core.Merged: remove,
	record.Granted: granting, record.Withdrawn: withdrawing,
}

// Readable selects the records that any of the actor's rules lets see. A rule
// on a role view selects the records that hold the role; a rule on the base
// selects among all records, whatever roles they hold. It returns a Forbidden
// error when no rule lets see any.
func (r *Roles) Readable(m *schema.Model, a core.Actor, e *schema.Entity) (schema.Filter, error) {
	able := allowing(read, r.grants(m, a, e))
	if len(able) == 0 {
		return schema.Nothing(), forbidden(a, read, e)
	}
	return selected(a, e, read, able), nil
}

// Writable selects the records on which the actor may do the action and
// write all of the fields. Who may delete may also restore. The fields that the
// program keeps itself are ignored.
func (r *Roles) Writable(m *schema.Model, a core.Actor, e *schema.Entity, action core.Action, fields []string) (schema.Filter, error) {
	v, known := verbOf[action]
	able := allowing(v, r.grants(m, a, e))
	if !known || len(able) == 0 {
		return schema.Nothing(), forbidden(a, v, e)
	}
	filters := []schema.Filter{selected(a, e, v, able)}
	var violations schema.Violations
	for _, path := range fields {
		if f := e.Stored().Field(path); f != nil && f.System && e.RoleIn(f) == "" {
			continue
		}
		writing := slices.DeleteFunc(slices.Clone(able), func(g *grant) bool { return g.rights.right(m, path) < mayWrite })
		switch len(writing) {
		case 0:
			violations = append(violations, schema.Violation{Field: e.FromStorage(path), Rule: "forbidden", Message: "may not be written by you"})
		case len(able): // says nothing that the first filter does not
		default:
			filters = append(filters, selected(a, e, v, writing))
		}
	}
	if len(violations) > 0 {
		slices.SortFunc(violations, func(a, b schema.Violation) int { return strings.Compare(a.Field, b.Field) })
		return schema.Nothing(), &core.Error{
			Code:       core.Forbidden,
			Message:    "Your roles do not let you write all of these fields of " + e.Plural + ".",
			Violations: violations,
		}
	}
	return schema.All(filters...), nil
}

// grants lists the rules of the actor that can say something about records of
// the entity: for a base also those on its roles, for a role also those on
// its base.
func (r *Roles) grants(m *schema.Model, a core.Actor, e *schema.Entity) []*grant {
	c := r.forModel(m)
	var grants []*grant
	for _, name := range a.Roles {
		for _, g := range c.grants[name][e.Stored()] {
			if g.on == e || !g.on.IsRole() || !e.IsRole() {
				grants = append(grants, g)
			}
		}
	}
	return grants
}

func allowing(v verb, grants []*grant) []*grant {
	return slices.DeleteFunc(grants, func(g *grant) bool { return g.filters[v] == nil })
}

// selected is what any of the grants selects, for this actor.
func selected(a core.Actor, e *schema.Entity, v verb, grants []*grant) schema.Filter {
	filters := make([]schema.Filter, len(grants))
	for i, g := range grants {
		filters[i] = bind(*g.filters[v], a)
		if !e.IsRole() {
			filters[i] = schema.All(g.on.HasRole(), filters[i])
		}
	}
	return schema.All(e.HasRole(), schema.Any(filters...))
}

func forbidden(a core.Actor, v verb, e *schema.Entity) error {
	return &core.Error{
		Code:    core.Forbidden,
		Message: "You may not " + doing(v, e) + ": " + whose(a) + ". Ask an administrator for a role that " + having(v, e) + ".",
	}
}

// doing completes "You may not …".
func doing(v verb, e *schema.Entity) string {
	if v >= granting {
		return verbNames[v] + " the role " + e.Name
	}
	return verbNames[v] + " " + e.Plural
}

// having completes "a role that …". What follows from no other right is named as
// it is written.
func having(v verb, e *schema.Entity) string {
	if v >= granting {
		return "has " + written(v, e)
	}
	return "allows it"
}

// written is a right as it stands in a role's file.
func written(v verb, e *schema.Entity) string { return e.Name + ": {" + verbNames[v] + ": true}" }

func whose(a core.Actor) string {
	switch len(a.Roles) {
	case 0:
		return "you have no roles"
	case 1:
		return "your role " + a.Roles[0] + " does not allow it"
	}
	return "none of your roles (" + strings.Join(a.Roles, ", ") + ") allows it"
}
