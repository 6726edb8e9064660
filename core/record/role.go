package record

import (
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// grant lets the record hold a role. A role that it held before comes back
// with its number and its other data. Anything but a role is ignored.
func grant(r *core.Record, role *schema.Entity, at time.Time) {
	if role == nil || !role.IsRole() {
		return
	}
	held, _ := r.Values[schema.RolesField].([]any)
	if slices.Contains(held, any(role.Name)) {
		return
	}
	r.Values[schema.RolesField] = append(slices.Clone(held), role.Name)
	schema.Put(r.Values, role.Name+".since", schema.Instant(at))
	schema.Put(r.Values, role.Name+".until", nil)
}

// withdraw ends a role. Its data stay with the record, out of sight of the
// role's view.
func withdraw(r *core.Record, role *schema.Entity, at time.Time) {
	if role == nil {
		return
	}
	held, _ := r.Values[schema.RolesField].([]any)
	left := slices.DeleteFunc(slices.Clone(held), func(h any) bool { return h == role.Name })
	if len(left) == len(held) {
		return
	}
	r.Values[schema.RolesField] = left
	schema.Put(r.Values, role.Name+".until", schema.Instant(at))
}

// holdsOther says whether a record holds other roles than this one.
func holdsOther(role *schema.Entity, r *core.Record) bool {
	held, _ := r.Values[schema.RolesField].([]any)
	return slices.ContainsFunc(held, func(h any) bool { return h != role.Name })
}

// checkRoles refuses data of a role that the record never held.
func (s *Session) checkRoles(e *schema.Entity, r *core.Record) schema.Violations {
	var violations schema.Violations
	for _, role := range s.Model.Roles(e.Stored()) {
		if r.Values[role.Name] != nil && schema.Lookup(r.Values, role.Name+".since") == nil {
			violations = append(violations, schema.Violation{Field: role.Name, Rule: "role", Message: "needs the role " + role.Name + "; grant it first"})
		}
	}
	return violations
}
