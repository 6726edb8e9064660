package backup_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// busy writes to a database from several goroutines, as servers do, until it is
// told to stop.
type busy struct {
	t      *testing.T
	db     database
	thing  *schema.Entity
	writes atomic.Int64
}

const (
	records = 600
	pairs   = 4
	kept    = 50 // how many timers of a pair are there at a time: what is done a moment later is no concern of a backup
)

func newBusy(t *testing.T, db database) *busy {
	m := model(t, definitions)
	must(t, db.Prepare(t.Context(), m))
	must(t, db.Subscribe(t.Context(), core.Subscription{Subscriber: "all", Topics: []string{"thing.*"}}))
	b := &busy{t: t, db: db, thing: m.Entity("thing")}
	var changes []core.Change
	for i := range records {
		changes = append(changes, change(nil, core.Created, "thing", fmt.Sprintf("r%d", i), map[string]any{"number": int64(i)}))
	}
	for i := range pairs {
		for _, side := range []string{"a", "b"} {
			changes = append(changes, change(nil, core.Created, "thing", fmt.Sprintf("%s%d", side, i), map[string]any{"name": "0"}))
		}
	}
	must(t, errors.Join(db.Commit(t.Context(), b.thing, changes)...))
	return b
}

// run writes until stop is closed: single records at random, pairs of records under
// a timer, and what is relayed to subscribers, who acknowledge it at once.
func (b *busy) run(stop <-chan struct{}) *sync.WaitGroup {
	var running sync.WaitGroup
	until := func(f func(n int) error) {
		running.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := f(n); err != nil {
					b.t.Error(err)
					return
				}
			}
		})
	}
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 7))
		until(func(n int) error { return b.anyChange(random, fmt.Sprintf("n%d-%d", seed, n)) })
	}
	for i := range pairs {
		until(func(n int) error { return b.pair(i, n) })
	}
	relay := &journal.Relay{Store: b.db}
	until(func(int) error { return relay.Drain(context.Background()) })
	until(func(int) error {
		due, err := b.db.Deliverable(context.Background(), "all", time.Now(), 50)
		var events []string
		for _, d := range due {
			events = append(events, d.Event.ID)
		}
		return errors.Join(err, b.db.Ack(context.Background(), "all", events))
	})
	return &running
}

// anyChange creates a record, or changes, deletes or restores one, most often a hot one.
func (b *busy) anyChange(random *rand.Rand, id string) error {
	if random.IntN(5) == 0 {
		b.writes.Add(1)
		return b.db.Commit(context.Background(), b.thing, []core.Change{change(nil, core.Created, "thing", id, map[string]any{
			"price": "1.50", "inner": map[string]any{"flag": true}, "tags": []any{id}})})[0]
	}
	n := random.IntN(records)
	if random.IntN(2) == 0 {
		n = 0
	}
	return b.update(fmt.Sprintf("r%d", n), func(before *core.Record) core.Change {
		values := before.Clone().Values
		switch random.IntN(6) {
		case 0:
			delete(values, "inner")
		case 1:
			values["inner"] = map[string]any{"flag": random.IntN(2) == 0, "worth": map[string]any{"amount": fmt.Sprint(random.IntN(100)), "currency": "EUR"}}
		case 2:
			values["at"] = schema.Instant(clock.Add(time.Duration(random.IntN(1e6)) * time.Second))
		case 3:
			values["tags"] = []any{id}
		default:
			values["price"] = fmt.Sprintf("%d.50", random.IntN(100))
		}
		action := core.Updated
		if before.Deleted() {
			action = core.Restored
		} else if random.IntN(20) == 0 {
			action = core.Deleted
		}
		return change(before, action, "thing", before.ID, values)
	})
}

// pair sets both records of a pair to a number: whoever dies in between has left a
// timer that does it.
func (b *busy) pair(i, n int) error {
	ctx := context.Background()
	err := b.db.Schedule(ctx, core.Timer{Plugin: "pairs", Key: fmt.Sprintf("%d/%d", i, n), DueAt: clock})
	for _, side := range []string{"a", "b"} {
		if err == nil {
			err = b.update(fmt.Sprintf("%s%d", side, i), func(before *core.Record) core.Change {
				return change(before, core.Updated, "thing", before.ID, map[string]any{"name": fmt.Sprint(n)})
			})
		}
	}
	if err == nil && n > kept {
		_, err = b.db.Cancel(ctx, "pairs", fmt.Sprintf("%d/%d", i, n-kept))
	}
	return err
}

func (b *busy) update(id string, f func(before *core.Record) core.Change) error {
	for {
		found, err := b.db.Find(context.Background(), b.thing, core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
		if err != nil {
			return err
		}
		err = b.db.Commit(context.Background(), b.thing, []core.Change{f(found[0])})[0]
		if core.CodeOf(err) != core.Conflict {
			b.writes.Add(1)
			return err
		}
	}
}

func TestABackupOfABusyDatabaseIsItAtOnePosition(t *testing.T) {
	for name, open := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			b := newBusy(t, db)
			stop := make(chan struct{})
			running := b.run(stop)
			for range 3 {
				promised := b.versions(t)
				before := b.writes.Load()
				for b.writes.Load() < before+20 { // so that somebody writes in between
					if _, err := db.Holdings(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				began := b.writes.Load()
				file, contents := take(t, db)
				t.Logf("%d writes while the backup was made: %d lines, %d bytes, position %d, %v", b.writes.Load()-began, contents.Lines, len(file), contents.Position, contents.Counts)
				to := kinds()["SQLite"](t)
				restore(t, file, to, model(t, definitions))
				isAtOnePosition(t, to, contents.Position, promised)
			}
			close(stop)
			running.Wait()
		})
	}
}

// versions are those of all records that are known to be stored.
func (b *busy) versions(t *testing.T) map[string]int64 {
	found, err := b.db.Find(t.Context(), b.thing, core.Query{First: -1, Deleted: true})
	must(t, err)
	versions := map[string]int64{}
	for _, r := range found {
		versions[r.ID] = r.Version
	}
	return versions
}

// isAtOnePosition wants records to be what the journal says, which ends at the
// position, and to have everything that was promised before.
func isAtOnePosition(t *testing.T, db database, position int64, promised map[string]int64) {
	t.Helper()
	ctx := t.Context()
	entries, last, err := db.EntriesAfter(ctx, 0, int(position)+1)
	must(t, err)
	if last != position || len(entries) != int(position) {
		t.Fatalf("the journal has %d entries up to %d; want %d", len(entries), last, position)
	}
	told := map[string]*core.Record{}
	for i, e := range entries {
		if e.Position != int64(i+1) {
			t.Fatalf("the journal goes from %d to %d", i, e.Position)
		}
		replay(t, told, e)
	}
	m := model(t, definitions)
	found, err := db.Find(ctx, m.Entity("thing"), core.Query{First: -1, Deleted: true})
	must(t, err)
	if len(found) != len(told) {
		t.Errorf("there are %d records; the journal says %d", len(found), len(told))
	}
	names := map[string]any{}
	for _, r := range found {
		if want := told[r.ID]; want == nil || !reflect.DeepEqual(r, want) {
			t.Errorf("%s is\n%+v; the journal says\n%+v", r.ID, r, want)
		}
		if r.Version < promised[r.ID] {
			t.Errorf("%s is at version %d; %d was there before the backup began", r.ID, r.Version, promised[r.ID])
		}
		delete(promised, r.ID)
		names[r.ID] = r.Values["name"]
	}
	if len(promised) > 0 {
		t.Errorf("%d records are not there that were before the backup began", len(promised))
	}
	for i := range pairs {
		if one, other := names[fmt.Sprintf("a%d", i)], names[fmt.Sprintf("b%d", i)]; one != other {
			timers, err := db.Timers(ctx, "pairs", 10_000, "")
			must(t, err)
			there := false
			for _, timer := range timers {
				there = there || timer.Key == fmt.Sprintf("%d/%v", i, one)
			}
			if !there {
				t.Errorf("the pair %d is half done, %v and %v, and no timer is there that would go on", i, one, other)
			}
		}
	}
}

// replay changes records as an entry says.
func replay(t *testing.T, told map[string]*core.Record, e core.Entry) {
	t.Helper()
	r := told[e.RecordID]
	if r == nil {
		r = &core.Record{Entity: e.Entity, ID: e.RecordID, CreatedAt: clock, CreatedBy: "u1", Values: map[string]any{}}
		told[e.RecordID] = r
	}
	if r.Version+1 != e.Version {
		t.Fatalf("the journal goes from version %d of %s to %d", r.Version, e.RecordID, e.Version)
	}
	r.Version, r.UpdatedAt, r.UpdatedBy = e.Version, e.At, e.Actor.ID
	switch e.Action {
	case core.Deleted:
		r.DeletedAt = e.At
	case core.Restored:
		r.DeletedAt = time.Time{}
	}
	for _, d := range e.Diffs {
		schema.Put(r.Values, d.Path, core.CloneValue(d.To))
	}
	for _, path := range []string{"inner.worth", "inner"} {
		if object, ok := schema.Lookup(r.Values, path).(map[string]any); ok && len(object) == 0 {
			schema.Put(r.Values, path, nil)
		}
	}
}
