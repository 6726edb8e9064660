package record_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func TestADeletionSaysHowManyOfWhatReferToIt(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		a := l.create("owner", nil)
		l.must("owner", record.Draft{Action: core.Updated, ID: a, Set: map[string]any{"parent": a}}) // itself does not count
		for range 3 {
			l.create("deed", map[string]any{"owner": a})
		}
		l.create("owner", map[string]any{"parent": a})
		gone := l.create("deed", map[string]any{"owner": a})
		l.must("deed", deletion(gone))
		want := "CONFLICT\nThe owner was not deleted: 1 owner and 3 deeds refer to it. Delete what refers, or let it refer to another record, and try again." +
			"\nid is referred to by 1 owner\nid is referred to by 3 deeds"
		if diff := cmp.Diff(want, said(l.try("owner", deletion(a)))); diff != "" {
			t.Error(diff)
		}
		// Of records that one does not see, one learns that there are some.
		want = "CONFLICT\nThe owner was not deleted: 1 owner and records that you may not see refer to it. Delete what refers, or let it refer to another record, and try again.\nid is referred to by 1 owner"
		if diff := cmp.Diff(want, said(l.by(l.instance(nil), visitor, "owner", deletion(a)))); diff != "" {
			t.Error(diff)
		}
		b := l.create("owner", nil)
		l.create("deed", map[string]any{"owner": b})
		want = "CONFLICT\nThe owner was not deleted: records that you may not see refer to it."
		if diff := cmp.Diff(want, said(l.by(l.instance(nil), visitor, "owner", deletion(b)))); diff != "" {
			t.Error(diff)
		}
		if l.get("owner", a).Deleted() || l.get("owner", b).Deleted() {
			t.Error("an owner is deleted all the same")
		}
	})
}

func TestWhatIsClearedIsClearedWithALineInTheHistory(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		a, b := l.create("owner", nil), l.create("owner", nil)
		id := l.create("leaf", map[string]any{"owner": a, "others": []any{b, a}, "rows": []any{map[string]any{"owner": a, "n": 1}, map[string]any{"owner": b}}})
		l.must("owner", deletion(a))
		want := map[string]any{"others": []any{b}, "rows": []any{map[string]any{"n": int64(1)}, map[string]any{"owner": b}}}
		leaf := l.get("leaf", id)
		if diff := cmp.Diff(want, leaf.Values); diff != "" {
			t.Error(diff)
		}
		history, err := l.store.History(t.Context(), l.model.Entity("leaf"), id, 5, 0)
		if err != nil || len(history) != 2 || history[0].Action != core.Updated || history[0].Actor.ID != admin.ID {
			t.Errorf("history = %+v, %v", history, err)
		}
		l.must("owner", restoration(a))
		if diff := cmp.Diff(want, l.get("leaf", id).Values); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatACascadeTookComesBackWithIt(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		a := l.create("owner", nil)
		p, q := l.create("part", map[string]any{"owner": a}), l.create("part", map[string]any{"owner": a})
		l.must("part", record.Draft{Action: core.Updated, ID: p, Set: map[string]any{"beside": q}})
		l.must("part", record.Draft{Action: core.Updated, ID: q, Set: map[string]any{"beside": p}}) // each would take the other
		piece := l.create("piece", map[string]any{"part": p, "other": q})
		before := l.create("part", map[string]any{"owner": a})
		l.must("part", deletion(before))
		trace := l.create("trace", map[string]any{"owner": a})
		all := map[string]string{a: "owner", p: "part", q: "part", piece: "piece"}

		l.must("owner", deletion(a))
		for id, e := range all {
			if !l.get(e, id).Deleted() {
				t.Errorf("the %s %s lives", e, id)
			}
		}
		if got := l.get("trace", trace); got.Deleted() || got.At("owner") != a || got.Version != 1 {
			t.Errorf("what keeps its reference is %+v", got)
		}
		want := "INVALID\nThe piece was not saved: some fields need attention.\nother leads to a part that is deleted; restore that first\npart leads to a part that is deleted; restore that first"
		if diff := cmp.Diff(want, said(l.try("piece", restoration(piece)))); diff != "" {
			t.Error(diff)
		}
		l.must("owner", restoration(a))
		for id, e := range all {
			if r := l.get(e, id); r.Deleted() || r.At(schema.DeletedWithField) != nil {
				t.Errorf("the %s %s is %+v", e, id, r)
			}
		}
		if !l.get("part", before).Deleted() {
			t.Error("what was deleted before has come back as well")
		}
		l.fire()
		l.holds()
	})
}

func TestACascadeIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		refuse := func(_ *schema.Entity, changes []core.Change) []error {
			errs := make([]error, len(changes))
			for i, c := range changes {
				if c.Action == core.Deleted && c.Before.At("name") == "dear" {
					errs[i] = &core.Error{Code: core.Invalid, Message: "It is dear to us."}
				}
			}
			return errs
		}
		l := open(t, ruleOf(refuse))
		a := l.create("owner", nil)
		p := l.create("part", map[string]any{"owner": a})
		piece := l.create("piece", map[string]any{"other": p})
		check := func(want string) {
			t.Helper()
			if diff := cmp.Diff(want, said(l.try("owner", deletion(a)))); diff != "" {
				t.Error(diff)
			}
			if r := l.get("part", p); r.Deleted() || l.get("owner", a).Deleted() {
				t.Errorf("something is deleted all the same: %+v", r)
			}
		}
		check("CONFLICT\nThe owner was not deleted: 1 piece refers to it, or to what would be deleted with it. Delete what refers, or let it refer to another record, and try again.\nid is referred to by 1 piece")
		l.must("piece", deletion(piece))
		dear := l.create("part", map[string]any{"owner": a, "name": "dear"})
		check("INVALID\nThe owner was not deleted. The part " + dear + " is deleted with it: It is dear to us.")
	})
}

// ruleOf is a record.Hook made of a function.
type ruleOf func(e *schema.Entity, changes []core.Change) []error

func (h ruleOf) BeforeSave(_ context.Context, _ record.Basis, e *schema.Entity, changes []core.Change) []error {
	return h(e, changes)
}

func TestWhatCannotComeBackKeepsTheOtherOut(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		a, b := l.create("owner", nil), l.create("owner", nil)
		p := l.create("part", map[string]any{"owner": a, "code": "P1"})
		l.must("owner", deletion(a))
		l.create("part", map[string]any{"owner": b, "code": "P1"})
		want := "CONFLICT\nThe owner was not restored. The part " + p + " was deleted with it: The part was not saved: another one has the same code.\ncode is taken: another part has P1 already"
		if diff := cmp.Diff(want, said(l.try("owner", restoration(a)))); diff != "" {
			t.Error(diff)
		}
		if !l.get("owner", a).Deleted() {
			t.Error("the owner lives")
		}
	})
}

func TestWhatLeadsNowhereIsFoundByAFilter(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		a, b := l.create("owner", nil), l.create("owner", nil)
		lost := l.create("trace", map[string]any{"owner": a})
		fine, none := l.create("trace", map[string]any{"owner": b}), l.create("trace", nil)
		l.create("leaf", map[string]any{"others": []any{b}})
		l.must("owner", deletion(a))
		find := func(entity string, raw map[string]any) (ids []string) {
			t.Helper()
			e := l.model.Entity(entity)
			f, err := l.model.ParseFilter(e, raw, false)
			if err != nil {
				t.Fatal(err)
			}
			found, err := l.instance(nil).As(admin, l.on).Find(t.Context(), e, core.Query{Filter: f, First: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range found {
				ids = append(ids, r.ID)
			}
			return ids
		}
		dangling := func(is bool) map[string]any { return map[string]any{"owner": map[string]any{"dangling": is}} }
		if got := find("trace", dangling(true)); !slices.Equal(got, []string{lost}) {
			t.Errorf("traces that lead nowhere: %v, want %s", got, lost)
		}
		if got := find("trace", dangling(false)); !slices.Equal(got, []string{fine, none}) {
			t.Errorf("all others: %v, want %s and %s", got, fine, none)
		}
		if got := find("leaf", map[string]any{"others": map[string]any{"some": map[string]any{"dangling": true}}}); len(got) > 0 {
			t.Errorf("leaves with another that leads nowhere: %v, want none", got)
		}
		if _, err := l.model.ParseFilter(l.model.Entity("trace"), map[string]any{"owner": map[string]any{"dangling": "yes"}}, false); said(err) == "" || err == nil {
			t.Error("a text was understood")
		}
	})
}
