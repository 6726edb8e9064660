package schema

import (
	"fmt"
	"slices"
	"time"
)

// KeepsRoles says whether the records of the entity hold roles, and so have what is
// kept for them: RolesField and MergedField. To any other entity these are names
// like all others.
func (e *Entity) KeepsRoles() bool {
	f := findField(e.Stored().Fields, RolesField)
	return f != nil && f.System
}

// HeldRoles are the names of the roles that a record of the entity holds, as it
// stores them.
func (e *Entity) HeldRoles(values map[string]any) []any {
	if !e.KeepsRoles() {
		return nil
	}
	held, _ := values[RolesField].([]any)
	return held
}

// PutMerged says in a record which one stands for it since they were merged: its
// id, or nil for none.
func (e *Entity) PutMerged(values map[string]any, into any) {
	if e.KeepsRoles() {
		Put(values, MergedField, into)
	}
}

// MergedInto is the id of the record that stands for one since they were merged; "" for
// none.
func (e *Entity) MergedInto(values map[string]any) string {
	if !e.KeepsRoles() {
		return ""
	}
	into, _ := values[MergedField].(string)
	return into
}

// IsHeldBy says whether a record of the entity's base holds the role. Every record
// of an entity of its own is one.
func (e *Entity) IsHeldBy(values map[string]any) bool {
	return !e.IsRole() || slices.Contains(e.HeldRoles(values), any(e.Name))
}

// Grant lets a record hold the role. One that it held before comes back with its
// number and its other data. An entity of its own is no role, and granted already.
func (e *Entity) Grant(values map[string]any, at time.Time) {
	if e.IsHeldBy(values) {
		return
	}
	values[RolesField] = append(slices.Clone(e.HeldRoles(values)), e.Name)
	Put(values, e.Name+".since", Instant(at))
	Put(values, e.Name+".until", nil)
}

// Withdraw ends the role, if the record holds it. Its data stay with the record,
// out of sight of the role's view.
func (e *Entity) Withdraw(values map[string]any, at time.Time) {
	held := e.HeldRoles(values)
	left := slices.DeleteFunc(slices.Clone(held), func(h any) bool { return h == e.Name })
	if len(left) == len(held) {
		return
	}
	values[RolesField] = left
	Put(values, e.Name+".until", Instant(at))
}

// CheckDelete refuses to delete a record as what it is to one role, while it holds
// others, and one whose number would leave a gap.
func (e *Entity) CheckDelete(values map[string]any) error {
	if err := e.keepsGapless(values); err != nil {
		return err
	}
	if !e.IsRole() || !slices.ContainsFunc(e.HeldRoles(values), func(h any) bool { return h != e.Name }) {
		return nil
	}
	return &Refusal{Code: Conflict, Message: fmt.Sprintf("The %s also holds other roles. Withdraw the role %s instead, or delete the %s.", e.Name, e.Name, e.Base.Name)}
}

// CheckRoles names the roles of which a record has data and that it never held.
func (m *Model) CheckRoles(e *Entity, values map[string]any) (violations Violations) {
	for _, role := range m.Roles(e.Stored()) {
		if values[role.Name] != nil && Lookup(values, role.Name+".since") == nil {
			violations = append(violations, Violation{Field: role.Name, Rule: "role", Message: "needs the role " + role.Name + "; grant it first"})
		}
	}
	return violations
}

// FillRoles gives a record that exists the defaults of the roles that are new to
// it. Those of a new record are filled in by Check.
func (m *Model) FillRoles(e *Entity, before, values map[string]any) {
	for _, role := range m.Roles(e.Stored()) {
		if before[role.Name] != nil || values[role.Name] == nil {
			continue
		}
		for _, f := range role.Fields {
			if f.Default != nil && Lookup(values, f.StoragePath()) == nil && f.Path != "" {
				Put(values, f.StoragePath(), f.Default)
			}
		}
	}
}
