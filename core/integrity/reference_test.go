package integrity_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
)

func TestReferencesThatLeadNowhereAreFoundWhereverTheyStand(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("person", "ada", false, map[string]any{"name": "Ada", "friends": []any{"bob", "gone"}})
		w.put("person", "bob", true, map[string]any{"name": "Bob", "friends": []any{"lost"}})
		w.put("person", "dup", true, map[string]any{"name": "Ada", "friends": []any{"dup"}})
		w.put("person", "eve", false, map[string]any{"name": "Eve", "roles": []any{"member"}, "last": "v3", "member": map[string]any{"sponsor": "dup"}})
		w.put("visit", "v1", false, map[string]any{"host": "eve", "stops": []any{map[string]any{"guide": "ada"}, map[string]any{"guide": "none"}}})
		w.put("visit", "v2", false, map[string]any{"host": "bob"})
		w.put("visit", "v3", true, map[string]any{"host": "dup", "mergedInto": "a word of its own"})
		const (
			missing = ", which does not exist; let it refer to another record"
			deleted = ", which is deleted; restore that, or let it refer to another record"
		)
		w.finds(
			"DELETED person ada: friends is the person bob"+deleted,
			"MISSING person ada: friends is the person gone"+missing,
			"MISSING person bob: friends is the person lost"+missing,
			"DELETED person eve: last is the visit v3"+deleted,
			"MISSING visit v1: stops.guide is the person none"+missing,
			"DELETED visit v2: host is the member bob"+deleted,
		)
		for first, want := range map[int]int{1: 9, 3: 4, 1000: 3} { // the last two are of the timers
			if _, checked, parts := w.find(first); checked != 7 || parts < want-1 || parts > want+1 {
				w.Errorf("with %d at a time %d records are checked in %d parts, want 7 in about %d", first, checked, parts, want)
			}
		}
	})
}

func TestAReferenceToAPartyThatWasMergedIsFoundWithTheOneThatItWentInto(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("party", "a", false, map[string]any{"kind": "person", "displayName": "A"})
		w.put("party", "b", true, map[string]any{"kind": "person", "displayName": "B", "mergedInto": "a", "roles": []any{"customer"}, "customer": map[string]any{"accountManager": "b"}})
		w.put("party", "c", true, map[string]any{"kind": "person", "displayName": "C", "mergedInto": "b"})
		w.put("party", "d", true, map[string]any{"kind": "person", "displayName": "D"})
		w.put("activity", "1", false, map[string]any{"party": "b", "contact": "a"})
		w.put("activity", "2", true, map[string]any{"party": "d", "contact": "c"})
		w.finds(
			"MERGED activity 1: party is the party b, which was merged into a; merge the two again, which turns it",
			"MERGED activity 2: contact is the party c, which was merged into b; merge the two again, which turns it",
		)
	})
}

func TestOnlyAdministratorsCheckTheDatabase(t *testing.T) {
	onBothStores(t, func(w *world) {
		_, err := w.Check(w.Context(), w.on, core.Actor{ID: "r", Roles: []string{"reader"}}, "", 10)
		if want := "The database is checked by administrators: the role admin."; core.CodeOf(err) != core.Forbidden || err.Error() != want {
			t.Errorf("error is %v; want %s", err, want)
		}
	})
}
