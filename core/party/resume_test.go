package party_test

import (
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// waiting are the timers that bring merges and erasures to their end.
func (w *world) waiting() []core.Timer {
	w.Helper()
	due, err := w.store.DueTimers(w.Context(), party.TimerOwner, w.Records.Now().Add(time.Hour), 10)
	if err != nil {
		w.Fatal(err)
	}
	return due
}

// fire fires them as another instance does, and returns the first error.
func (w *world) fire() (failed error) {
	w.Helper()
	other := w.instance()
	for _, timer := range w.waiting() {
		err := other.Resume(w.Context(), w.on, timer)
		if err == nil {
			err = w.store.DoneTimer(w.Context(), timer.Plugin, timer.Key, timer.Rev)
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}

// settle fires until nothing waits.
func (w *world) settle() {
	w.Helper()
	for round := 0; len(w.waiting()) > 0; round++ {
		if err := w.fire(); err != nil {
			w.Fatal(err)
		}
		if round == 3 {
			w.Fatalf("still waiting after %d rounds: %+v", round+1, w.waiting())
		}
	}
}

func TestAMergeThatIsKilledAtAnyStepGoesOnByItself(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		for step, done := 0, false; !done; step++ {
			d := w.duplicates()
			w.store.armed, w.store.after = true, step
			_, err := w.merge(admin, d.from, d.into, false)
			w.store.armed = false
			done = err == nil
			w.settle()
			d.whole(w)
			if t.Failed() {
				t.Fatalf("killed at step %d", step)
			}
			d.over(w)
		}
	})
}

func TestAnErasureThatIsKilledAtAnyStepGoesOnByItself(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, open func(*testing.T) (store, func() string)) {
		for step, done := 0, false; !done; step++ {
			store, database := open(t)
			w := newWorld(t, store)
			k := w.known()
			w.settle()
			w.store.armed, w.store.after = true, step
			_, err := w.erase(admin, k.party, false)
			w.store.armed = false
			done = err == nil
			w.settle()
			k.gone(w, database)
			if t.Failed() {
				t.Fatalf("killed at step %d", step)
			}
		}
	})
}

func TestWhatIsWrittenAfterAMergeByWhoReadBeforeItIsTurned(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		if _, err := w.merge(admin, d.from, d.into, false); err != nil {
			t.Fatal(err)
		}
		w.stray("activity", d.activity, "contact", d.from)
		w.settle()
		d.whole(w)
	})
}

func TestWhatRefersToADuplicateOfADuplicateIsTurnedToTheOneAtTheEnd(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		last := w.create("party", map[string]any{"kind": "person", "displayName": "Eva M."}).ID
		for _, pair := range [][2]string{{d.from, d.into}, {d.into, last}} {
			if _, err := w.merge(admin, pair[0], pair[1], false); err != nil {
				t.Fatal(err)
			}
		}
		w.stray("activity", d.activity, "contact", d.from)
		w.settle()
		if got := w.get("activity", d.activity).At("contact"); got != last {
			t.Errorf("the contact is %v, want %s", got, last)
		}
	})
}

func TestADuplicateThatIsRestoredIsNotMergedAgain(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		var ids [2]string
		for i, name := range []string{"Eva Meyer", "Eva Meier"} {
			ids[i] = w.create("party", map[string]any{"kind": "person", "displayName": name}).ID
		}
		if _, err := w.merge(admin, ids[0], ids[1], false); err != nil {
			t.Fatal(err)
		}
		w.save("party", record.Draft{Action: core.Restored, ID: ids[0], Unmerge: true})
		w.settle()
		if w.get("party", ids[0]).Deleted() {
			t.Error("the duplicate is deleted again, by nobody")
		}
	})
}

func TestADuplicateThatWasChangedSinceTheMergeWasKilledIsNotMerged(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		w.store.armed, w.store.after = true, 0
		_, err := w.merge(admin, d.from, d.into, false)
		w.store.armed = false
		w.refused(err, core.Unavailable, "The merge stopped at the activity "+d.deleted+", which refers to the duplicate. The database is down. Mend that and merge again: what was done stays done.")
		w.save("party", record.Draft{Action: core.Updated, ID: d.from, Set: map[string]any{"city": "Bonn"}})
		w.settle()
		if w.get("party", d.from).Deleted() {
			t.Error("somebody has looked at the party since, and it is merged all the same")
		}
	})
}

func TestAMergeThatIsRefusedIsNotTriedAgain(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		refuse := true
		w := newWorld(t, open(t), hook(func(e *schema.Entity, changes []core.Change) []error {
			errs := make([]error, len(changes))
			for i, c := range changes {
				if refuse && c.Action == core.Updated && e.Name == "relationship" {
					errs[i] = &core.Error{Code: core.Invalid, Message: "Friends are friends."}
				}
			}
			return errs
		}))
		d := w.duplicates()
		if _, err := w.merge(admin, d.from, d.into, false); core.CodeOf(err) != core.Invalid {
			t.Fatalf("error = %v, want a refusal", err)
		}
		if waiting := w.waiting(); len(waiting) > 0 {
			t.Errorf("it waits to be done: %+v", waiting)
		}
		refuse = false
		w.settle()
		if w.get("party", d.from).Deleted() {
			t.Error("it was done all the same")
		}
	})
}

func TestAMergeWaitsForARuleThatIsInTheWayOfItsEnd(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		refuse := false
		w := newWorld(t, open(t), hook(func(e *schema.Entity, changes []core.Change) []error {
			errs := make([]error, len(changes))
			for i := range changes {
				if refuse && e.Name == "activity" {
					errs[i] = &core.Error{Code: core.Unavailable, Message: "The plugin calls is down."}
				}
			}
			return errs
		}))
		d := w.duplicates()
		if _, err := w.merge(admin, d.from, d.into, false); err != nil {
			t.Fatal(err)
		}
		w.stray("activity", d.activity, "contact", d.from)
		refuse = true
		w.refused(w.fire(), core.Unavailable, "The merge stopped at the activity "+d.activity+", which refers to the duplicate. The plugin calls is down. Mend that and merge again: what was done stays done.")
		refuse = false
		w.settle()
		d.whole(w)
	})
}
