package access_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/schema"
)

// TestLawsHoldForEveryCombinationOfRoles tries every set of the roles on every
// party, through every view.
func TestLawsHoldForEveryCombinationOfRoles(t *testing.T) {
	t.Parallel()
	m, roles := load(t, all...)
	names := []string{"admin", "reader", "german", "manager", "clerk", "buyer", "own"}
	for set := range 1 << len(names) {
		actor := core.Actor{ID: "u1", Party: "p1"}
		for i, name := range names {
			if set&(1<<i) != 0 {
				actor.Roles = append(actor.Roles, name)
			}
		}
		parties := readable(t, roles, m, actor, "party")
		var together []string
		for _, name := range actor.Roles {
			alone := core.Actor{ID: actor.ID, Party: actor.Party, Roles: []string{name}}
			together = append(together, readable(t, roles, m, alone, "party")...)
		}
		for _, p := range people() {
			seen := slices.Contains(parties, p.ID)
			if seen != slices.Contains(together, p.ID) {
				t.Errorf("%v: %s is seen: %v; want what the roles show one by one", actor.Roles, p.ID, seen)
			}
			visible, err := roles.Visible(m, actor, p)
			if err != nil {
				t.Fatal(err)
			}
			part := p.Clone()
			part.Values = parts(p.Values, roles.Deciding(m, actor, m.Entity("party")))
			if decided, err := roles.Visible(m, actor, part); err != nil || !maps.Equal(decided, visible) || (decided == nil) != (visible == nil) {
				t.Errorf("%v: of the part of %s that decides, %v is visible (%v); want %v as of all", actor.Roles, p.ID, decided, err, visible)
			}
			if shows := visible == nil || len(visible) > len(schema.SystemFields); shows != seen {
				t.Errorf("%v: fields of %s are visible: %v, the record is: %v; want both or none", actor.Roles, p.ID, shows, seen)
			}
			for _, view := range []string{"customer", "supplier", "party"} {
				lawsOfAView(t, roles, m, actor, view, p, seen, visible)
			}
		}
	}
}

// parts are the values at some storage paths alone.
func parts(values map[string]any, paths []string) map[string]any {
	some := map[string]any{}
	for _, path := range paths {
		schema.Put(some, path, schema.Lookup(values, path))
	}
	return some
}

func lawsOfAView(t *testing.T, roles *access.Roles, m *schema.Model, actor core.Actor, view string, p *core.Record, seen bool, visible map[string]bool) {
	t.Helper()
	e := m.Entity(view)
	inView := slices.Contains(readable(t, roles, m, actor, view), p.ID)
	holds := e.HasRole().Match(p.Values)
	if inView && (!seen || !holds) {
		t.Errorf("%v: %s appears among %s, though it is seen: %v, and holds the role: %v", actor.Roles, p.ID, e.Plural, seen, holds)
	}
	askable, err := roles.Askable(m, actor, e)
	if err != nil {
		t.Fatal(err)
	}
	if !inView || visible == nil {
		return
	}
	if askable == nil {
		t.Errorf("%v: all of %s can be asked for, but not all of %s is visible", actor.Roles, e.Plural, p.ID)
	}
	for path := range askable {
		if !visible[path] {
			t.Errorf("%v: %s can be asked for %s, where %s hides it", actor.Roles, e.Plural, path, p.ID)
		}
	}
}
