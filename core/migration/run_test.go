package migration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/migration"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func TestRecordsGetTheFormOfTheNextVersionAndBack(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put(
			&core.Record{ID: "a", Values: values{"rooms": "3", "code": "A", "state": "planned", "address": "High Street"}},
			&core.Record{ID: "b", Values: values{"rooms": "12", "code": "B", "state": "done"}},
			&core.Record{ID: "c", Values: values{"rooms": "5", "state": "planned"}, DeletedAt: time.Now()},
		)
		plan, err := w.up("1").Plan(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		want := &migration.Plan{
			Entities: []migration.Tally{{Entity: "move", Records: 3, Changed: 3}},
		}
		if diff := cmp.Diff(want, plan); diff != "" {
			w.Errorf("the plan is -want +got:\n%s", diff)
		}
		for id, r := range w.all() {
			if r.Version != 1 {
				w.Errorf("the plan has written %s: %+v", id, r)
			}
		}

		var told [][2]int64
		run := w.up("1")
		run.Report = func(done, total int64) { told = append(told, [2]int64{done, total}) }
		if err := run.Apply(w.Context()); err != nil {
			w.Fatal(err)
		}
		if diff := cmp.Diff([][2]int64{{3, 3}}, told); diff != "" {
			w.Errorf("it reports -want +got:\n%s", diff)
		}
		for id, want := range map[string]values{
			"a": {"rooms": int64(3), "code": "A", "state": "open", "street": "High Street"},
			"b": {"rooms": int64(12), "code": "B", "state": "done"},
			"c": {"rooms": int64(5), "state": "open"},
		} {
			r := w.all()[id]
			if diff := cmp.Diff(want, r.Values); diff != "" || r.Version != 2 || r.Deleted() != (id == "c") {
				w.Errorf("%s is at version %d, deleted %v (-want +got):\n%s", id, r.Version, r.Deleted(), diff)
			}
		}
		history, err := w.History(w.Context(), w.after.Entity("move"), "a", 1, 0)
		if err != nil || len(history) != 1 || history[0].Action != core.Updated || history[0].Actor.Name != "xrm: from version 1 to 2 of the data of mover" {
			w.Errorf("the history says %+v, %v", history, err)
		}

		// What is read by the new definitions is found by the new values.
		if err := w.Prepare(w.Context(), w.after); err != nil {
			w.Fatal(err)
		}
		for text, filter := range map[string]values{"b": {"rooms": values{"gt": int64(5)}}, "a": {"rooms": values{"eq": int64(3)}}} {
			f, err := w.after.ParseFilter(w.after.Entity("move"), filter, false)
			if err != nil {
				w.Fatal(err)
			}
			found, err := w.Find(w.Context(), w.after.Entity("move"), core.Query{Filter: f, First: -1, OrderBy: []core.Order{{Path: "rooms", Field: w.after.Entity("move").Field("rooms")}}})
			if err != nil || len(found) != 1 || found[0].ID != text {
				w.Errorf("%v finds %v, %v; want %s", filter, found, err, text)
			}
		}

		if err := w.down("2").Apply(w.Context()); err != nil {
			w.Fatal(err)
		}
		if diff := cmp.Diff(values{"rooms": "3", "code": "A", "state": "planned", "address": "High Street"}, w.all()["a"].Values); diff != "" {
			w.Errorf("the way back gives -want +got:\n%s", diff)
		}
		if err := w.up("3").Apply(w.Context()); err != nil || w.all()["b"].Values["rooms"] != int64(12) {
			w.Errorf("up once more gives %+v, %v", w.all()["b"], err)
		}
	})
}

func TestAllThatCannotBeMigratedIsListedAtOnce(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put(
			&core.Record{ID: "a", Values: values{"rooms": "three"}},
			&core.Record{ID: "b", Values: values{"rooms": "2", "code": "B"}},
			&core.Record{ID: "c", Values: values{"rooms": "1", "code": "C"}},
			&core.Record{ID: "d", Values: values{"rooms": "4", "code": "D"}},
			&core.Record{ID: "e", Values: values{"rooms": "5", "code": "E"}},
			&core.Record{ID: "f", Values: values{"rooms": "6", "code": "F"}},
			&core.Record{ID: "g", Values: values{"rooms": "7", "code": "H"}},
		)
		run := w.up("1")
		run.Ask = asks(func(v values) (values, error) {
			switch v["code"] {
			case "B": // of another that keeps it
				return values{"rooms": int64(2), "code": "H"}, nil
			case "C":
				return values{"rooms": "one"}, nil
			case "D": // of another that gives it away
				return values{"rooms": int64(4), "code": "E"}, nil
			case "E":
				return values{"rooms": int64(5), "code": "G"}, nil
			case "F":
				return values{"rooms": int64(5), "shade": "red"}, nil
			}
			return toSecond(v)
		})
		plan, err := run.Plan(w.Context())
		want := []migration.Failure{
			{Entity: "move", ID: "a", Why: `"three" is no number`},
			{Entity: "move", ID: "c", Why: `rooms must be a whole number, not one`},
			{Entity: "move", ID: "f", Why: "the migration sets shade, which is no field that can be set in version 2"},
			{Entity: "move", ID: "b", Why: "code would be H, which is unique and that of g"},
			{Entity: "move", ID: "d", Why: "code would be E, which is unique and that of e"},
		}
		if err != nil {
			w.Fatal(err)
		}
		if diff := cmp.Diff(want, plan.Failures); diff != "" {
			w.Errorf("-want +got:\n%s", diff)
		}
	})
}

// The index of a field that becomes unique is made when all records are written, and
// there would be no way on.
func TestAFieldThatBecomesUniqueIsHeldAgainstAllRecords(t *testing.T) {
	onBothStores(t, func(w *world) {
		phone := values{"e164": "+49301234567", "raw": "030 1234567"}
		w.put(
			&core.Record{ID: "a", Values: values{"rooms": "1", "label": "red", "phone": phone}},
			&core.Record{ID: "b", Values: values{"rooms": "2", "label": "red", "phone": phone}},
			&core.Record{ID: "c", Values: values{"rooms": "3", "label": "blue"}},
			&core.Record{ID: "d", Values: values{"rooms": "4", "label": "blue"}, DeletedAt: time.Now()},
		)
		run := w.up("1")
		run.Ask = asks(func(v values) (values, error) {
			patch, err := toSecond(v)
			if number, ok := v["phone"].(values); ok {
				patch["phone"] = number["raw"]
			}
			return patch, err
		})
		plan, err := run.Plan(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		want := []migration.Failure{
			{Entity: "move", ID: "a", Why: "phone would be 030 1234567, which is unique and that of b"},
			{Entity: "move", ID: "b", Why: "label would be red, which is unique and that of a"},
			{Entity: "move", ID: "b", Why: "phone would be 030 1234567, which is unique and that of a"},
		}
		if diff := cmp.Diff(want, plan.Failures); diff != "" {
			w.Errorf("-want +got:\n%s", diff)
		}
	})
}

// Stores claim the text of what is unique, so a number is taken by its text. Records are
// written one after the other.
func TestANumberIsTakenByATextThatReadsLikeIt(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put(
			&core.Record{ID: "a", Values: values{"rooms": "1", "seat": "2"}},
			&core.Record{ID: "b", Values: values{"rooms": "2", "seat": "1"}},
		)
		run := w.up("1")
		run.Ask = asks(func(v values) (values, error) {
			patch, err := toSecond(v)
			patch["seat"] = map[any]int64{"2": 1, "1": 5}[v["seat"]]
			return patch, err
		})
		plan, err := run.Plan(w.Context())
		want := []migration.Failure{{Entity: "move", ID: "a", Why: "seat would be 1, which is unique and that of b"}}
		if diff := cmp.Diff(want, plan.Failures); diff != "" || err != nil {
			w.Errorf("%v, -want +got:\n%s", err, diff)
		}
	})
}

// A write that began before others were kept away may land behind the place where the
// run is, or on the record that it is about to write.
func TestWhatIsWrittenAtTheLastMomentIsMigratedToo(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put(&core.Record{ID: "m", Values: values{"rooms": "1"}}, &core.Record{ID: "n", Values: values{"rooms": "1"}})
		run, late := w.up("1"), true
		run.Ask = func(ctx context.Context, e *schema.Entity, records []*core.Record) ([]migration.Answer, error) {
			if late {
				late = false
				w.put(&core.Record{ID: "a", Values: values{"rooms": "7"}})
				before := w.all()["n"]
				after := before.Clone()
				after.Version, after.Values["rooms"] = 2, "8"
				if err := w.Commit(ctx, w.before.Entity("move"), []core.Change{{Action: core.Updated, At: time.Now(), Before: before, After: after}})[0]; err != nil {
					w.Fatal(err)
				}
			}
			return asks(toSecond)(ctx, e, records)
		}
		if err := run.Apply(w.Context()); err != nil {
			w.Fatal(err)
		}
		for id, want := range map[string]int64{"a": 7, "m": 1, "n": 8} {
			if got := w.all()[id].Values["rooms"]; got != want {
				w.Errorf("%s has %v rooms, want %d", id, got, want)
			}
		}
	})
}

var errDied = &core.Error{Code: core.Unavailable, Message: "The process was killed."}

// mortal is the store of a process that dies at one of its writes: before it, half-way
// or after it.
type mortal struct {
	store
	at   int // how many such moments it lives through
	dead bool
}

func (m *mortal) dies() bool {
	if m.at == 0 {
		m.dead = true
	}
	m.at--
	return m.dead
}

func (m *mortal) Commit(ctx context.Context, e *schema.Entity, changes []core.Change) []error {
	half := len(changes) / 2
	if !m.dies() {
		if m.dies() {
			m.store.Commit(ctx, e, changes[:half])
		} else if errs := m.store.Commit(ctx, e, changes); !m.dies() {
			return errs
		}
	}
	errs := make([]error, len(changes))
	for i := range errs {
		errs[i] = errDied
	}
	return errs
}

func TestARunThatIsKilledAtAnyWriteIsFinishedByTheNext(t *testing.T) {
	const n = 120 // more than are asked about at once
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		for at, died := 0, true; died; at++ {
			w := newWorld(t, open(t))
			var all []*core.Record
			for i := range n {
				all = append(all, &core.Record{ID: fmt.Sprintf("m%03d", i), Values: values{"rooms": fmt.Sprint(i)}})
			}
			w.put(all...)
			m := &mortal{store: w.store, at: at}
			w.records = &record.Service{Store: m, Now: time.Now, Region: "DE"}
			err := w.up("1").Apply(w.Context())
			if died = m.dead; died != errors.Is(err, errDied) || !died && at < 6 {
				t.Fatalf("killed at %d, dead %v, it ends with %v", at, died, err)
			}
			w.records = &record.Service{Store: w.store, Now: time.Now, Region: "DE"}
			if err := w.up("1").Apply(w.Context()); err != nil {
				t.Fatalf("killed at %d, the next ends with %v", at, err)
			}
			stored := w.all()
			for i := range n {
				if r := stored[fmt.Sprintf("m%03d", i)]; r.Values["rooms"] != int64(i) || r.Version != 2 {
					t.Fatalf("killed at %d, it is %+v", at, r)
				}
			}
		}
	})
}

func TestARunEndsWithItsContext(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put(&core.Record{ID: "a", Values: values{"rooms": "1"}})
		ctx, cancel := context.WithCancelCause(w.Context())
		cancel(errors.New("the plugin is not wanted any more"))
		if _, err := w.up("1").Plan(ctx); err == nil || !strings.Contains(err.Error(), "not wanted any more") {
			w.Errorf("it ends with %v", err)
		}
	})
}
