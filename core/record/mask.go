package record

import (
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// maskAll is mask for all that a query on an entity or role has found. What
// the actor may see in every one of them need not be asked for each.
func (s *Session) maskAll(e *schema.Entity, records []*core.Record) error {
	everywhere, err := s.Policy.Askable(s.Model, s.Actor, e)
	if err != nil || everywhere == nil {
		return err
	}
	for _, r := range records {
		if err := s.mask(r); err != nil {
			return err
		}
	}
	return nil
}

// Seen returns a record, however it was come by, as the actor sees it: the
// record itself where nothing is hidden, and otherwise a copy, which has no
// fields left if the actor may not see the record at all. For nil it is nil.
func (s *Session) Seen(r *core.Record) (*core.Record, error) {
	if r == nil {
		return nil, nil
	}
	visible, err := s.Policy.Visible(s.Model, s.Actor, r)
	if err != nil || visible == nil {
		return r, err
	}
	r = r.Clone()
	s.hide(r, visible)
	return r, nil
}

// Told returns entries of an entity, wherever they come from, as the actor sees
// them: with those changes left that are of fields which the actor may see today
// in a record that the actor may see today. Deleted ones count as if they were
// not.
func (s *Session) Told(ctx context.Context, e *schema.Entity, entries []core.Entry) ([]core.Entry, error) {
	ids := make([]string, len(entries))
	for i, entry := range entries {
		ids[i] = entry.RecordID
	}
	q, err := s.restrict(e, core.Query{Filter: ByIDs(ids), First: -1, Deleted: true, Only: s.deciding(e)})
	if err != nil && core.CodeOf(err) != core.Forbidden {
		return nil, err
	}
	visible := map[string]map[string]bool{} // by the id of the record
	if err == nil {
		found, err := s.Store.Find(ctx, e.Stored(), q)
		if err != nil {
			return nil, fmt.Errorf("find %s: %w", e.Plural, err)
		}
		for _, r := range found {
			if visible[r.ID], err = s.Policy.Visible(s.Model, s.Actor, r); err != nil {
				return nil, err
			}
		}
	}
	told := slices.Clone(entries)
	for i, entry := range told {
		if fields, seen := visible[entry.RecordID]; seen {
			told[i].Diffs = visibleDiffs(e, entry.Diffs, fields)
		} else {
			told[i].Diffs = nil
		}
	}
	return told, s.tellLeads(ctx, told, s.kept(e))
}

func visibleDiffs(e *schema.Entity, diffs []core.Diff, visible map[string]bool) []core.Diff {
	var seen []core.Diff
	for _, d := range diffs {
		if !isVisible(visible, d.Path) {
			continue
		}
		if visible != nil && d.Path == schema.RolesField && e.KeepsRoles() {
			from, _ := d.From.([]any)
			to, _ := d.To.([]any)
			from, to = visibleRoles(from, visible), visibleRoles(to, visible)
			if slices.Equal(from, to) {
				continue // it was about another role
			}
			d.From, d.To = from, to
		}
		seen = append(seen, d)
	}
	return seen
}

// MayWrite returns a Forbidden error unless the actor may write these fields of
// a record of the entity or role, as it is given.
func (s *Session) MayWrite(ctx context.Context, e *schema.Entity, action core.Action, fields []string, r *core.Record) error {
	touched := make([]string, len(fields))
	for i, path := range fields {
		touched[i] = rightsPath(s.Model, e.Stored().Name, path)
	}
	rule, err := s.Policy.Writable(s.Model, s.Actor, e, action, touched)
	if err == nil {
		rule, err = s.ruled(rule)
	}
	if err != nil {
		return err
	}
	values := r.WithSystem()
	decided, err := s.decide(ctx, e, rule, []map[string]any{values})
	if err == nil && !decided.Match(values) {
		err = notPermitted(e, action)
	}
	return err
}

// mask takes the fields out of a record that the actor may not see. The
// record is the session's own.
func (s *Session) mask(r *core.Record) error {
	visible, err := s.Policy.Visible(s.Model, s.Actor, r)
	if err == nil && visible != nil {
		s.hide(r, visible)
	}
	return err
}

// hide takes all fields out of a record that are not visible.
func (s *Session) hide(r *core.Record, visible map[string]bool) {
	base := s.Model.Entity(r.Entity)
	for name, value := range r.Values {
		if role := s.Model.Entity(name); role != nil && role.Base == base {
			object, _ := value.(map[string]any)
			for inner := range object {
				if !visible[name+"."+inner] {
					delete(object, inner)
				}
			}
			if len(object) == 0 {
				delete(r.Values, name)
			}
		} else if !visible[name] {
			delete(r.Values, name)
		}
	}
	if held, some := r.Values[schema.RolesField].([]any); some && base != nil && base.KeepsRoles() {
		r.Values[schema.RolesField] = visibleRoles(held, visible)
	}
}

// RoleSeenBy is the storage path of the field by which a role shows: who sees it
// sees that a record holds the role.
func RoleSeenBy(role string) string { return role + ".since" }

// visibleRoles leaves of the roles that a record holds those that the actor may
// see anything of.
func visibleRoles(held []any, visible map[string]bool) []any {
	return slices.DeleteFunc(slices.Clone(held), func(role any) bool {
		name, _ := role.(string)
		return !isVisible(visible, RoleSeenBy(name))
	})
}

// InFields says whether a storage path lies in a field of a set, in the form of
// Policy.Visible.
func InFields(set map[string]bool, path string) bool { return isVisible(set, path) }

// isVisible says whether a storage path lies in a visible field.
func isVisible(visible map[string]bool, path string) bool {
	if visible == nil || visible[path] {
		return true
	}
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' && visible[path[:i]] {
			return true
		}
	}
	return false
}
