package party_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// duplicates are two parties that are one person, and all that refers to the
// first.
type duplicates struct {
	from, into                             string
	tour, activity, friend, order, deleted string
}

func (w *world) duplicates() duplicates {
	w.Helper()
	from := w.create("customer", map[string]any{
		"kind": "person", "displayName": "Eva Meyer", "externalId": "old-7", "email": "eva@example.com",
		"tags": []any{"vip", "tea"}, "customer.segment": "A",
	}).ID
	into := w.create("supplier", map[string]any{"kind": "person", "displayName": "Eva Meier", "tags": []any{"tea"}, "city": "Ulm"}).ID
	other := w.create("customer", map[string]any{"kind": "person", "displayName": "Otto"}).ID
	w.save("supplier", record.Draft{Action: core.Updated, ID: from, Grant: w.entity("supplier")})
	deleted := w.create("activity", map[string]any{"subject": "Letter", "kind": "letter", "at": "2026-02-01T10:00:00Z", "party": from}).ID
	w.save("activity", record.Draft{Action: core.Deleted, ID: deleted})
	return duplicates{
		from: from, into: into, deleted: deleted,
		tour: w.create("tour", map[string]any{
			"name": "Alps", "driver": from, "guests": []any{other, from}, "home": map[string]any{"keeper": from},
			"stops": []any{map[string]any{"host": from, "note": "tea"}, map[string]any{"note": "none"}},
		}).ID,
		activity: w.create("activity", map[string]any{"subject": "Call", "kind": "call", "at": "2026-02-01T10:00:00Z", "party": other, "contact": from}).ID,
		friend:   w.create("relationship", map[string]any{"from": other, "to": from, "type": "recommendedBy"}).ID,
		order:    w.save("customer", record.Draft{Action: core.Updated, ID: other, Set: map[string]any{"customer.accountManager": from}}).ID,
	}
}

// whole checks that nothing of the duplicates was lost.
func (d duplicates) whole(w *world) {
	w.Helper()
	into, from := w.get("party", d.into), w.get("party", d.from)
	number := schema.Lookup(from.Values, "customer.number")
	got := map[string]any{}
	for _, path := range []string{"displayName", "externalId", "email", "tags", "city", "customer.segment", "customer.number"} {
		got[path] = into.At(path)
	}
	want := map[string]any{
		"displayName": "Eva Meier", "externalId": "old-7", "email": "eva@example.com", "tags": []any{"tea", "vip"}, "city": "Ulm",
		"customer.segment": "A", "customer.number": number,
	}
	if diff := cmp.Diff(want, got); diff != "" || number == nil {
		w.Errorf("the party that stays (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"supplier", "customer"}, into.Values["roles"]); diff != "" {
		w.Errorf("its roles (-want +got):\n%s", diff)
	}
	if !from.Deleted() || from.Values["mergedInto"] != d.into || from.Values["externalId"] != "old-7" {
		w.Errorf("the duplicate = %v, deleted %v, want it deleted, merged into %s and with its values", from.Values, from.Deleted(), d.into)
	}
	d.turned(w)
	for _, path := range []string{"driver", "home.keeper"} {
		if got := w.get("tour", d.tour).At(path); got != d.into {
			w.Errorf("%s of the tour = %v, want %s", path, got, d.into)
		}
	}
	entries, err := w.store.History(w.Context(), w.entity("party"), d.from, 10, 0)
	if err != nil {
		w.Fatal(err)
	}
	last := entries[0]
	if diff := cmp.Diff([]core.Diff{{Path: "mergedInto", To: d.into}}, last.Diffs); diff != "" || last.Event().Topic != "party.merged" || last.Actor.Name != "Ada" {
		w.Errorf("the last change of the duplicate is %s by %s (-want +got):\n%s", last.Event().Topic, last.Actor.Name, diff)
	}
}

// over frees the unique value of the duplicates for those of the next step.
func (d duplicates) over(w *world) {
	w.Helper()
	for _, id := range []string{d.from, d.into} { // of a duplicate no user can
		w.stray("party", id, "externalId", nil)
	}
}

// turned checks that nothing refers to the duplicate any more.
func (d duplicates) turned(w *world) {
	w.Helper()
	for _, e := range w.model.Stored() {
		for _, r := range w.model.References(e) {
			records, err := w.store.Find(w.Context(), e, core.Query{First: -1, Deleted: true})
			if err != nil {
				w.Fatal(err)
			}
			for _, one := range records {
				for _, id := range record.ReferredTo(one.Values, r.Path) {
					if id == d.from && one.ID != d.from {
						w.Errorf("%s of %s %s still refers to the duplicate", r.Path, e.Name, one.ID)
					}
				}
			}
		}
	}
}

func TestMergeLosesNothing(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		merged, err := w.merge(admin, d.from, d.into, false)
		if err != nil {
			t.Fatal(err)
		}
		d.whole(w)
		if merged.Done != core.Merged || merged.Party.ID != d.into {
			t.Errorf("result = %+v", merged)
		}
		again, err := w.merge(admin, d.from, d.into, false)
		if err != nil || again.Done != record.Unchanged {
			t.Errorf("merged once more: %+v, %v; want unchanged", again, err)
		}
	})
}

func TestMergeThatIsCutOffAtAnyStepGoesOn(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		for step := 0; ; step++ {
			d := w.duplicates()
			w.store.armed, w.store.after = true, step
			_, err := w.merge(admin, d.from, d.into, false)
			w.store.armed = false
			if err == nil {
				if step < 5 {
					t.Errorf("a merge is done after %d commits, want at least 5", step)
				}
				return
			}
			if core.CodeOf(err) != core.Unavailable {
				t.Fatalf("cut off at commit %d: %v", step, err)
			}
			if _, err := w.merge(admin, d.from, d.into, false); err != nil {
				t.Fatalf("cut off at commit %d, it does not go on: %v", step, err)
			}
			d.whole(w)
			d.over(w)
		}
	})
}

func TestARecordThatIsRestoredAfterAMergeRefersToThePartyThatStays(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		w.save("tour", record.Draft{Action: core.Deleted, ID: d.tour})
		if _, err := w.merge(admin, d.from, d.into, false); err != nil {
			t.Fatal(err)
		}
		history, err := w.store.History(t.Context(), w.entity("tour"), d.tour, 1, 0)
		if err != nil || history[0].Action != core.Updated || history[0].Actor.ID != admin.ID {
			t.Errorf("the last change of the deleted tour is %+v, %v; want updated by %s", history, err, admin.ID)
		}
		w.save("tour", record.Draft{Action: core.Restored, ID: d.tour})
		w.save("activity", record.Draft{Action: core.Restored, ID: d.deleted})
		d.whole(w)
	})
}

func TestDryRunSaysWhatAMergeWouldDoAndWritesNothing(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		w.store.armed, w.store.after = true, 0
		got, err := w.merge(admin, d.from, d.into, true)
		if err != nil {
			t.Fatal(err)
		}
		got.Party = nil
		want := party.Merger{
			Done:       core.Merged,
			References: map[string]int{"tour": 1, "activity": 1, "relationship": 1, "party": 1},
			Taken:      []string{"externalId", "email", "tags", "customer.number", "customer.segment"},
			Kept:       []string{"displayName", "supplier.number"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("dry run (-want +got):\n%s", diff)
		}
	})
}

func TestMergeTurnsMoreReferencesThanFitOnAPage(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		w.tours(450, map[string]any{"name": "Lake", "guests": []any{d.from}})
		for _, dryRun := range []bool{true, false} {
			merged, err := w.merge(admin, d.from, d.into, dryRun)
			if err != nil || merged.References["tour"] != 451 {
				t.Errorf("dry run %v: %v, %v; want 451 tours", dryRun, merged.References, err)
			}
		}
		d.whole(w)
	})
}

func TestMergeRefusesWhatCannotBecomeOne(t *testing.T) {
	w := newWorld(t, openMemory(t))
	create := func(kind, name string) string {
		return w.create("party", map[string]any{"kind": kind, "displayName": name}).ID
	}
	a, b, c, company, gone := create("person", "A"), create("person", "B"), create("person", "C"), create("organization", "D"), create("person", "E")
	w.save("party", record.Draft{Action: core.Deleted, ID: gone})
	if _, err := w.merge(admin, a, b, false); err != nil {
		t.Fatal(err)
	}
	cannot := "The parties were not merged: they cannot become one."
	for name, tt := range map[string]struct {
		from, into string
		code       core.Code
		want       []string
	}{
		"itself":                       {b, b, core.Invalid, []string{cannot, "into must be another party than the duplicate"}},
		"another kind":                 {b, company, core.Invalid, []string{cannot, "into must be of the kind of the duplicate, person, not organization"}},
		"one that is not there":        {b, "nowhere", core.NotFound, []string{"There is no party with the id nowhere, or you may not see it."}},
		"a deleted one":                {b, gone, core.Conflict, []string{"The party " + gone + " is deleted. Restore it first."}},
		"a duplicate that is merged":   {a, c, core.Conflict, []string{"The party " + a + " was merged into " + b + " already. Merge with that one."}},
		"into one that is merged":      {c, a, core.Conflict, []string{"The party " + a + " was merged into " + b + " already. Merge with that one."}},
		"a duplicate that was deleted": {gone, b, core.Conflict, []string{"The party " + gone + " is deleted. Restore it first."}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.merge(admin, tt.from, tt.into, false)
			w.refused(err, tt.code, tt.want...)
		})
	}
}

func TestWhoMayNotDeleteOrWriteMayNotMerge(t *testing.T) {
	w := newWorld(t, openMemory(t))
	d := w.duplicates()
	_, err := w.merge(clerk, d.from, d.into, false)
	if core.CodeOf(err) != core.Forbidden {
		t.Errorf("taking over what the clerk may not write: %v, want FORBIDDEN", err)
	}
	w.save("party", record.Draft{Action: core.Updated, ID: d.from, Set: map[string]any{"externalId": nil}})
	if _, err = w.merge(clerk, d.from, d.into, false); err != nil {
		t.Fatalf("merge by the clerk: %v", err)
	}
	if entries, _ := w.store.History(t.Context(), w.entity("tour"), d.tour, 1, 0); entries[0].Actor.ID != clerk.ID {
		t.Errorf("the tour, which the clerk does not see, was turned by %s, want %s", entries[0].Actor.ID, clerk.ID)
	}
	blocked := w.create("party", map[string]any{"kind": "person", "displayName": "X", "status": "blocked"}).ID
	_, err = w.merge(clerk, blocked, d.into, false)
	w.refused(err, core.Forbidden, "You may not make this change to the party: your roles do not allow it for this record.")
}

func TestAPluginThatRefusesAReferenceStopsTheMergeBeforeTheDeletion(t *testing.T) {
	refusing := true
	w := newWorld(t, openMemory(t), hook(func(e *schema.Entity, changes []core.Change) []error {
		if e.Name != "activity" || changes[0].Action != core.Updated || !refusing {
			return nil
		}
		return []error{&core.Error{Code: core.Invalid, Message: "The activity is sealed."}}
	}))
	d := w.duplicates()
	_, err := w.merge(admin, d.from, d.into, false)
	w.refused(err, core.Invalid, "The merge stopped at the activity "+d.activity+", which refers to the duplicate. The activity is sealed. Mend that and merge again: what was done stays done.")
	if w.get("party", d.from).Deleted() {
		t.Error("the duplicate is deleted, want both alive")
	}
	refusing = false
	if _, err := w.merge(admin, d.from, d.into, false); err != nil {
		t.Fatal(err)
	}
	d.whole(w)
}

func TestTwoMergesInOppositeDirectionsLeaveOne(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		a := w.create("party", map[string]any{"kind": "person", "displayName": "A"}).ID
		b := w.create("party", map[string]any{"kind": "person", "displayName": "B", "city": "Ulm"}).ID
		w.store.meanwhile = func() {
			if _, err := w.instance().Merge(t.Context(), w.on, admin, b, a, false); err != nil {
				t.Errorf("the merge that came first: %v", err)
			}
		}
		_, err := w.merge(admin, a, b, false)
		w.refused(err, core.Conflict, "The party "+b+" was merged into "+a+" already. Merge with that one.")
		if left := w.get("party", a); left.Deleted() || left.Values["city"] != "Ulm" || left.Values["mergedInto"] != nil {
			t.Errorf("the party that is left = %v, deleted %v; want it alive with the city", left.Values, left.Deleted())
		}
	})
}

func TestTwoMergesInOppositeDirectionsThatWereCutOffAreFinishedByEither(t *testing.T) {
	for name, again := range map[string]func(d duplicates) duplicates{
		"the first": func(d duplicates) duplicates { return d },
		"the other": func(d duplicates) duplicates { d.from, d.into = d.into, d.from; return d },
	} {
		t.Run(name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
				w := newWorld(t, open(t))
				d := w.duplicates()
				w.store.meanwhile = func() {
					w.store.meanwhile = func() { w.store.armed, w.store.after = true, 1 }
					_, err := w.instance().Merge(t.Context(), w.on, admin, d.into, d.from, false)
					w.refused(err, core.Unavailable, "The database is down.")
					w.store.after = 1
				}
				if _, err := w.merge(admin, d.from, d.into, false); core.CodeOf(err) != core.Conflict {
					t.Fatalf("the merge that gives way: %v", err)
				}
				w.store.armed, w.store.after = true, 0
				if from, into := w.get("party", d.from), w.get("party", d.into); !from.Deleted() || !into.Deleted() {
					t.Fatal("one of them is left, want none")
				}
				d = again(d)
				if got, err := w.merge(admin, d.from, d.into, true); err != nil || got.Done != core.Merged {
					t.Errorf("dry run: %+v, %v; want it merged", got, err)
				}
				w.store.armed = false
				if got, err := w.merge(admin, d.from, d.into, false); err != nil || got.Party.ID != d.into {
					t.Fatalf("merged again: %+v, %v", got, err)
				}
				into := w.get("party", d.into)
				if into.Deleted() || into.Values["mergedInto"] != nil || into.Values["email"] != "eva@example.com" || into.Values["city"] != "Ulm" {
					t.Errorf("the party that stays = %v, deleted %v; want it alive with all values", into.Values, into.Deleted())
				}
				d.turned(w)
				if got, err := w.merge(admin, d.from, d.into, false); err != nil || got.Done != record.Unchanged {
					t.Errorf("merged once more: %+v, %v; want unchanged", got, err)
				}
			})
		})
	}
}

func TestWhoMayNotRestoreAPartyFinishesNoMergeThatNeedsIt(t *testing.T) {
	w := newWorld(t, openMemory(t))
	a := w.create("party", map[string]any{"kind": "person", "displayName": "A"}).ID
	b := w.create("party", map[string]any{"kind": "person", "displayName": "B", "status": "blocked"}).ID
	w.save("party", record.Draft{Action: core.Merged, ID: a, MergeInto: b})
	w.save("party", record.Draft{Action: core.Merged, ID: b, MergeInto: a})
	_, err := w.merge(clerk, a, b, false)
	w.refused(err, core.Forbidden, "You may not make this change to the party: your roles do not allow it for this record.")
}

func TestADuplicateIsNotRestoredWithoutItsMerge(t *testing.T) {
	w := newWorld(t, openMemory(t))
	var ids [3]string
	for i := range ids {
		ids[i] = w.create("party", map[string]any{"kind": "person", "displayName": "A"}).ID
	}
	for i := range 2 {
		if _, err := w.merge(admin, ids[i], ids[i+1], false); err != nil {
			t.Fatal(err)
		}
	}
	restored := w.Records.As(admin, w.on).Save(t.Context(), w.entity("party"), []record.Draft{{Action: core.Restored, ID: ids[0]}}, false)[0]
	w.refused(restored.Err, core.Conflict, "The party was not restored: it was merged into "+ids[2]+", which stands for it. Its id and its unique values lead there.")
	w.save("party", record.Draft{Action: core.Restored, ID: ids[0], Unmerge: true})
	if into := w.get("party", ids[0]).Values["mergedInto"]; into != nil {
		t.Errorf("mergedInto = %v, want none", into)
	}
}
