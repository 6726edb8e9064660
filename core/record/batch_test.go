package record_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// wish is a draft for an entity of the land.
func (l *land) wish(entity string, d record.Draft) record.Wish {
	return record.Wish{Entity: l.model.Entity(entity), Draft: d}
}

func creating(set map[string]any) record.Draft { return record.Draft{Action: core.Created, Set: set} }

func changing(id string, set map[string]any) record.Draft {
	return record.Draft{Action: core.Updated, ID: id, Set: set}
}

func (l *land) batch(s *record.Service, a core.Actor, key string, wishes ...record.Wish) ([]record.Result, error) {
	l.Helper()
	results, err := s.As(a, l.on).Batch(l.Context(), record.Key{Name: key, Asked: fmt.Sprint(wishes)}, wishes, false)
	if err == nil {
		for i, r := range results {
			if r.Err != nil || r.Record == nil {
				l.Errorf("result %d of a batch that is done: %+v", i, r)
			}
		}
		return results, nil
	}
	for i, r := range results {
		if r.Err == nil || r.Record != nil {
			l.Errorf("result %d of a batch that is refused: %+v", i, r)
		}
	}
	return results, err
}

func TestABatchIsSavedOrNot(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		anne, bert := l.create("owner", map[string]any{"name": "Anne", "code": "A"}), l.create("owner", map[string]any{"name": "Bert", "code": "B"})
		part := func() record.Wish { return l.wish("part", creating(map[string]any{"owner": anne, "name": "wheel"})) }
		tests := map[string]struct {
			wishes []record.Wish
			actor  core.Actor
			want   string
		}{
			"all fit":                  {[]record.Wish{part(), l.wish("owner", changing(anne, map[string]any{"name": "Anna"}))}, admin, "<nil>"},
			"a required field":         {[]record.Wish{part(), l.wish("part", creating(nil))}, admin, "INVALID\nNothing of the batch was saved. Change 2 (part): The part was not saved: some fields need attention.\nowner is required"},
			"a unique value":           {[]record.Wish{part(), l.wish("owner", changing(anne, map[string]any{"code": "B"}))}, admin, "CONFLICT\nNothing of the batch was saved. Change 2 (owner): The owner was not saved: another one has the same code.\ncode is taken: another owner has B already"},
			"a reference":              {[]record.Wish{part(), l.wish("deed", creating(map[string]any{"owner": "nobody"}))}, admin, "INVALID\nNothing of the batch was saved. Change 2 (deed): The deed was not saved: some fields need attention.\nowner must be the id of an existing owner that you may see, not nobody"},
			"a record twice":           {[]record.Wish{l.wish("owner", changing(anne, map[string]any{"name": "A"})), part(), l.wish("owner", changing(anne, map[string]any{"name": "B"}))}, admin, "INVALID\nNothing of the batch was saved. Change 3 (owner): The owner " + anne + " is in the batch twice, as change 1 and as change 3. Make one of them."},
			"a value that another has": {[]record.Wish{l.wish("owner", changing(anne, map[string]any{"code": "C"})), l.wish("owner", changing(bert, map[string]any{"code": "A"}))}, admin, "CONFLICT\nNothing of the batch was saved. Change 2 (owner): The owner was not saved: another one has the same code.\ncode is taken: another owner has A already"},
			"a value twice":            {[]record.Wish{l.wish("owner", creating(map[string]any{"code": "D"})), l.wish("owner", creating(map[string]any{"code": "D"}))}, admin, "CONFLICT\nNothing of the batch was saved. Change 2 (owner): The owner was not saved: another one has the same code.\ncode is taken: another owner has D already"},
			"what is not allowed":      {[]record.Wish{l.wish("owner", changing(bert, map[string]any{"name": "B"})), part()}, visitor, "FORBIDDEN\nNothing of the batch was saved. Change 2 (part): You may not create parts: your role visitor does not allow it. Ask an administrator for a role that allows it."},
			"a deletion":               {[]record.Wish{part(), l.wish("owner", deletion(bert))}, admin, "INVALID\nNothing was saved: change 2 is none that a batch can have. It creates and changes records; delete, restore, merge and erase them by themselves."},
		}
		for name, tt := range tests {
			before := fmt.Sprint(l.values("owner"), len(l.values("part")))
			_, err := l.batch(l.instance(nil), tt.actor, "", tt.wishes...)
			if got := said(err); got != tt.want {
				t.Errorf("%s: error %q; want %q", name, got, tt.want)
			}
			if after := fmt.Sprint(l.values("owner"), len(l.values("part"))); err != nil && after != before {
				t.Errorf("%s: there is %s; want %s as before", name, after, before)
			}
		}
		if got := len(l.values("part")); got != 1 {
			t.Errorf("there are %d parts; want 1", got)
		}
	})
}

// values are those of all living records of an entity.
func (l *land) values(entity string) (all []map[string]any) {
	l.Helper()
	found, err := l.store.Find(l.Context(), l.model.Entity(entity), core.Query{First: -1})
	if err != nil {
		l.Fatal(err)
	}
	for _, r := range found {
		all = append(all, r.Values)
	}
	return all
}

func TestABatchIsSavedOnceForItsKey(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		s := l.instance(nil)
		anne := l.create("owner", map[string]any{"name": "Anne"})
		wishes := []record.Wish{l.wish("owner", creating(map[string]any{"name": "Cora"})), l.wish("owner", changing(anne, map[string]any{"name": "Anna"}))}
		first, err := l.batch(s, admin, "event 1", wishes...)
		if err != nil {
			t.Fatal(err)
		}
		l.must("owner", changing(anne, map[string]any{"name": "Annie"}))
		second, err := l.batch(s, admin, "event 1", wishes...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range first {
			if first[i].Record.ID != second[i].Record.ID || first[i].Done != second[i].Done {
				t.Errorf("result %d is %s %s; want %s %s again", i, second[i].Done, second[i].Record.ID, first[i].Done, first[i].Record.ID)
			}
		}
		if got := second[1].Record.Values["name"]; got != "Annie" {
			t.Errorf("the record of the second answer has the name %v; want that of now", got)
		}
		want := `CONFLICT
Nothing was done: the idempotency key "event 1" was used before, for another request. Send that one as it was, or choose a new key for this one.`
		for what, other := range map[string][]record.Wish{
			"fewer records": wishes[:1],
			"other values":  {l.wish("owner", creating(map[string]any{"name": "Dora"})), wishes[1]},
		} {
			if _, err = l.batch(s, admin, "event 1", other...); said(err) != want {
				t.Errorf("a batch of %s with the key: %v; want %q", what, err, want)
			}
		}
		if _, err := l.batch(s, visitor, "event 1", wishes[0]); err != nil {
			t.Errorf("the key of somebody else: %v", err)
		}
		if got := len(l.values("owner")); got != 3 {
			t.Errorf("there are %d owners; want 3", got)
		}
	})
}

// A batch that is killed at any step is whole in the end, or was never begun, and can be
// asked for again by its key.
func TestABatchThatIsKilledAtAnyStepIsWholeOrNot(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		for step, done := 0, false; !done; step++ {
			a := l.create("owner", map[string]any{"name": "before"})
			wishes := []record.Wish{l.wish("part", creating(map[string]any{"owner": a})), l.wish("owner", changing(a, map[string]any{"name": "after"}))}
			key, parts := fmt.Sprint("step ", step), len(l.values("part"))
			left, at := step, ""
			results, err := l.instance(func(s string) error {
				if left--; left < 0 {
					at = max(at, s)
					return errKilled
				}
				return nil
			}).As(admin, l.on).Batch(t.Context(), record.Key{Name: key, Asked: fmt.Sprint(wishes)}, wishes, false)
			done = err == nil && left >= 0
			l.fire()
			l.holds()
			saved := l.get("owner", a).At("name") == "after"
			if got := len(l.values("part")) - parts; (got == 1) != saved || got > 1 {
				t.Errorf("the owner is saved: %v, and there are %d new parts (%+v)", saved, got, results)
			}
			if _, err := l.batch(l.instance(nil), admin, key, wishes...); err != nil {
				t.Errorf("once more: %v", err)
			}
			if got := len(l.values("part")) - parts; got != 1 {
				t.Errorf("after it was asked for again there are %d new parts; want 1", got)
			}
			if t.Failed() {
				t.Fatalf("killed at step %d: %s", step, at)
			}
		}
	})
}

// What a batch refers to may be deleted between any two of its steps.
func TestABatchAndADeletionAtTheSameMoment(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		for step, met := 0, true; met; step++ {
			a, b := l.create("owner", nil), l.create("owner", nil)
			left, at := step, ""
			met = false
			_, _ = l.instance(func(s string) error {
				if left--; left < 0 && !met {
					met, at = true, s
					_ = l.by(l.instance(func(string) error { return nil }), admin, "owner", deletion(a))
				}
				return nil
			}).As(admin, l.on).Batch(t.Context(), record.Key{}, []record.Wish{
				l.wish("deed", creating(map[string]any{"owner": a})), l.wish("owner", changing(b, map[string]any{"name": "B"})),
			}, false)
			l.fire()
			l.holds()
			if t.Failed() {
				t.Fatalf("deleted at step %d: %s", step, at)
			}
		}
	})
}

func TestOfManyBatchesThatTakeTheLastEachGetsOne(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		leaf := l.create("leaf", map[string]any{"stock": 3})
		some, err := l.model.ParseFilter(l.model.Entity("leaf"), map[string]any{"stock": map[string]any{"gte": 1}}, false)
		if err != nil {
			t.Fatal(err)
		}
		instances := []*record.Service{l.instance(nil), l.instance(nil)}
		var got atomic.Int32
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				_, err := l.batch(instances[i%2], admin, "", l.wish("deed", creating(nil)),
					l.wish("leaf", record.Draft{Action: core.Updated, ID: leaf, Guard: &some, Add: map[string]string{"stock": "-1"}}))
				if err == nil {
					got.Add(1)
				} else if core.CodeOf(err) != core.Conflict {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if n := l.get("leaf", leaf).At("stock"); got.Load() != 3 || n != int64(0) || len(l.values("deed")) != 3 {
			t.Errorf("%d batches took one, %v are left, and there are %d deeds; want 3, 0 and 3", got.Load(), n, len(l.values("deed")))
		}
	})
}
