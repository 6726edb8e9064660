package record_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

func keyed(d record.Draft, key string) record.Draft {
	d.Key = record.Key{Name: key, Asked: fmt.Sprint(d.Action, d.ID, d.Set)}
	return d
}

func (l *land) save(s *record.Service, entity string, d record.Draft) record.Result {
	return s.As(admin, l.on).Save(core.OneRequest(l.Context()), l.model.Entity(entity), []record.Draft{d}, false)[0]
}

// Whoever comes with a key again gets what became of the first, and the record as it is.
func TestAKeyGivesTheFirstAnswerAgain(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		s := l.instance(nil)
		once := func(entity, key string, d record.Draft, want core.Action) *core.Record {
			t.Helper()
			first := l.save(s, entity, keyed(d, key))
			again := l.save(l.instance(nil), entity, keyed(d, key))
			for _, r := range []record.Result{first, again} {
				if r.Err != nil || r.Done != want || r.Record.ID != first.Record.ID || r.Record.Version != first.Record.Version {
					t.Fatalf("%s: %+v; want %s, the same twice", key, r, want)
				}
			}
			return first.Record
		}
		anne := once("owner", "create", creating(map[string]any{"name": "Anne", "code": "A"}), core.Created)
		once("owner", "update", changing(anne.ID, map[string]any{"name": "Anna"}), core.Updated)
		once("owner", "same", changing(anne.ID, map[string]any{"name": "Anna"}), record.Unchanged)
		l.must("owner", changing(anne.ID, map[string]any{"name": "Bert"}))
		if r := l.save(s, "owner", keyed(changing(anne.ID, map[string]any{"name": "Anna"}), "same")); r.Done != record.Unchanged || r.Record.Values["name"] != "Bert" {
			t.Errorf("what changed nothing has, once more, %s %+v (%v); want it unchanged, and the name of now", r.Done, r.Record, r.Err)
		}
		once("owner", "delete", record.Draft{Action: core.Deleted, ID: anne.ID}, core.Deleted)
		once("owner", "restore", record.Draft{Action: core.Restored, ID: anne.ID}, core.Restored)
		if got := l.get("owner", anne.ID); got.Version != 5 || len(l.values("owner")) != 1 {
			t.Errorf("the owner is %+v; want version 5, and no other", got)
		}
		r := l.save(s, "owner", keyed(creating(map[string]any{"name": "Other"}), "create"))
		want := `CONFLICT
Nothing was done: the idempotency key "create" was used before, for another request. Send that one as it was, or choose a new key for this one.`
		if said(r.Err) != want {
			t.Errorf("the key of another request: %v; want %s", r.Err, want)
		}
		if err := l.by(s, visitor, "owner", keyed(creating(map[string]any{"name": "Other"}), "create")); err != nil {
			t.Errorf("the key of somebody else: %v", err)
		}
	})
}

// What is refused changes nothing, so that its key may be sent again when it is mended.
func TestTheKeyOfWhatIsRefusedIsFree(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		s := l.instance(nil)
		l.create("owner", map[string]any{"code": "A"})
		for _, wrong := range []map[string]any{{"code": "A"}, {"name": 7}} {
			if r := l.save(s, "owner", keyed(creating(wrong), "k")); r.Err == nil {
				t.Fatalf("%v is saved: %+v", wrong, r)
			}
		}
		if r := l.save(s, "owner", keyed(creating(map[string]any{"code": "B"}), "k")); r.Err != nil || r.Done != core.Created {
			t.Errorf("the mended request: %+v", r)
		}
	})
}

// Twenty clients on two instances, one key: one record, twenty times the same answer.
func TestOfManyWithOneKeyOneIsDoneAndAllGetItsAnswer(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		instances := []*record.Service{l.instance(nil), l.instance(nil)}
		results := make([]record.Result, 20)
		var group sync.WaitGroup
		for i := range results {
			group.Go(func() {
				results[i] = l.save(instances[i%2], "owner", keyed(creating(map[string]any{"name": "Anne", "code": "A"}), "k"))
			})
		}
		group.Wait()
		for i, r := range results {
			if r.Err != nil || r.Done != core.Created || r.Record == nil || r.Record.ID != results[0].Record.ID {
				t.Errorf("answer %d is %+v; want that of answer 0", i, r)
			}
		}
		if n := len(l.values("owner")); n != 1 {
			t.Errorf("there are %d owners; want 1", n)
		}
	})
}

// Whatever kills the process, and whenever: who asks again by the key gets the answer, and
// it is done once. What a deletion takes goes with it.
func TestWhatHasAKeyAndIsKilledAtAnyStepIsDoneOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(*testing.T, ...record.Hook) *land) {
		l := open(t)
		for name, begin := range map[string]func() (entity string, d record.Draft, done func() bool){
			"creation": func() (string, record.Draft, func() bool) {
				before := len(l.values("owner"))
				return "owner", creating(map[string]any{"name": "Anne"}), func() bool { return len(l.values("owner")) == before+1 }
			},
			"update": func() (string, record.Draft, func() bool) {
				leaf := l.create("leaf", map[string]any{"stock": 3})
				return "leaf", record.Draft{Action: core.Updated, ID: leaf, Add: map[string]string{"stock": "-1"}}, func() bool { return l.get("leaf", leaf).At("stock") == int64(2) }
			},
			"deletion": func() (string, record.Draft, func() bool) {
				owner := l.create("owner", nil)
				part := l.create("part", map[string]any{"owner": owner})
				return "owner", record.Draft{Action: core.Deleted, ID: owner}, func() bool {
					r := l.get("owner", owner)
					return r.Deleted() && r.Version == 2 && l.get("part", part).Deleted()
				}
			},
		} {
			for step, over := 0, false; !over; step++ {
				entity, d, done := begin()
				d = keyed(d, fmt.Sprint(name, " ", step))
				left, at := step, ""
				first := l.save(l.instance(func(s string) error {
					if left--; left < 0 {
						at = max(at, s)
						return errKilled
					}
					return nil
				}), entity, d)
				over = first.Err == nil && left >= 0
				if step%2 == 0 {
					l.fire() // or whoever asks again is faster
				}
				again := l.save(l.instance(nil), entity, d)
				l.fire()
				l.holds()
				if again.Err != nil || again.Record == nil || !done() {
					t.Errorf("once more: %+v; want it done, once", again)
				}
				if first.Err == nil && (first.Record.ID != again.Record.ID || first.Done != again.Done) {
					t.Errorf("the answers are %+v and %+v; want the same", first, again)
				}
				if t.Failed() {
					t.Fatalf("%s killed at step %d: %s", name, step, at)
				}
			}
		}
	})
}
