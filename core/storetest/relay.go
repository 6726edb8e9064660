package storetest

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

func relayTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"pending entries come oldest first and no more than asked for": relayPending,
		"what is committed meanwhile does not prolong what is pending": relayIsOutpaced,
		"history is the same whatever the relay has done":              relayHistory,
		"a relay that died in between leaves neither gap nor double":   relayDies,
		"a newer entry stays when an older one is settled":             relayKeepsNewer,
		"settling does not disturb the record":                         relayLeavesRecord,
		"history is whole while records change and the relay runs":     relayRuns,
	}
}

// Pending returns the first entries that a store has pending, at most limit of them.
func Pending(ctx context.Context, s interface {
	Pending(ctx context.Context, limit int) iter.Seq2[[]core.Entry, error]
}, limit int) ([]core.Entry, error) {
	for entries, err := range s.Pending(ctx, limit) {
		return entries, err
	}
	return nil, nil
}

func (d *desk) pending(limit int) []core.Entry {
	d.t.Helper()
	entries, err := Pending(d.ctx, d.Store, limit)
	if err != nil {
		d.t.Fatalf("Pending: %v", err)
	}
	return entries
}

// relay moves what is pending, a batch at a time, and returns it.
func (d *desk) relay(batch int) []core.Entry {
	d.t.Helper()
	var moved []core.Entry
	for {
		entries := d.pending(batch)
		if len(entries) == 0 {
			return moved
		}
		if err := d.Append(d.ctx, entries); err != nil {
			d.t.Fatalf("Append: %v", err)
		}
		if err := d.Settle(d.ctx, entries); err != nil {
			d.t.Fatalf("Settle: %v", err)
		}
		moved = append(moved, entries...)
	}
}

func relayPending(d *desk) {
	d.same("pending entries of an empty store", d.pending(10), []core.Entry{})
	r, want := d.life()
	other := d.create(d.person, values{"name": "Eva"})
	if n := len(d.pending(3)); n != 3 {
		d.t.Errorf("Pending(3) returned %d entries", n)
	}
	for _, batch := range []int{100, 2} {
		var versions []int64
		moved := d.pending(100)
		if batch == 2 {
			moved = d.relay(batch)
		}
		for _, e := range moved {
			if e.RecordID == r.ID {
				versions = append(versions, e.Version)
				d.same("entry", e, want[5-e.Version])
			} else if e.RecordID != other.ID || e.Entity != "person" || e.Version != 1 {
				d.t.Errorf("unexpected entry %+v", e)
			}
		}
		d.same("versions of the record", versions, []int64{1, 2, 3, 4, 5})
		if len(moved) != 6 {
			d.t.Errorf("%d entries are pending; want 6", len(moved))
		}
	}
}

// relayIsOutpaced commits more with each batch than the batch has: new records, and
// changes of those that are pending.
func relayIsOutpaced(d *desk) {
	const before, batch = 40, 7
	first := d.create(d.thing, values{"size": int64(0)})
	want := map[string]bool{first.ID: true}
	for range before - 1 {
		want[d.create(d.thing, values{"size": int64(0)}).ID] = true
	}
	person := d.create(d.person, values{"name": "Eva"})
	want[person.ID] = true
	left := len(want)
	batches := 0
	for entries, err := range d.Pending(d.ctx, batch) {
		d.must(err)
		if batches++; batches > 3*before/batch {
			d.t.Fatalf("after %d batches of %d for %d entries it still goes on", batches, batch, before+1)
		}
		for range 2 * batch {
			d.create(d.thing, values{"size": int64(batches)})
			first = d.do(d.thing, core.Updated, first, values{"size": int64(batches)})
		}
		d.must(d.Append(d.ctx, entries))
		d.must(d.Settle(d.ctx, entries))
		for _, e := range entries {
			if e.Version == 1 && want[e.RecordID] {
				want[e.RecordID] = false
				left--
			}
		}
	}
	if left > 0 {
		d.t.Errorf("it ended with %d of %d entries that were pending when it began not told", left, before+1)
	}
}

func relayHistory(d *desk) {
	r, want := d.life()
	pending := d.pending(100)
	d.same("history before", d.history(d.thing, r.ID), want)
	if err := d.Append(d.ctx, pending[:3]); err != nil {
		d.t.Fatal(err)
	}
	d.same("history when some are in both places", d.history(d.thing, r.ID), want)
	page, err := d.History(d.ctx, d.thing, r.ID, 2, 4)
	if err != nil {
		d.t.Fatal(err)
	}
	d.same("page of it", page, want[2:4])
	if err := d.Settle(d.ctx, pending[:3]); err != nil {
		d.t.Fatal(err)
	}
	d.same("history when some are moved", d.history(d.thing, r.ID), want)
	d.relay(10)
	d.same("history when all are moved", d.history(d.thing, r.ID), want)
	d.same("pending entries", d.pending(10), []core.Entry{})
}

func relayDies(d *desk) {
	r, want := d.life()
	for range 2 { // it dies after Append, twice
		if err := d.Append(d.ctx, d.pending(100)); err != nil {
			d.t.Fatalf("Append: %v", err)
		}
		d.same("history", d.history(d.thing, r.ID), want)
	}
	entries := d.pending(100)
	for range 2 { // it dies after Settle and does all of it again
		if err := d.Append(d.ctx, entries); err != nil {
			d.t.Fatalf("Append: %v", err)
		}
		if err := d.Settle(d.ctx, entries); err != nil {
			d.t.Fatalf("Settle: %v", err)
		}
		d.same("history", d.history(d.thing, r.ID), want)
	}
	d.same("pending entries", d.pending(10), []core.Entry{})
}

func relayKeepsNewer(d *desk) {
	first := d.creation(d.thing, values{"name": "Ada"})
	d.commit(d.thing, first)
	taken := d.pending(10)
	second := d.next(core.Updated, first.After, values{"name": "Eva"})
	d.commit(d.thing, second)
	if err := d.Append(d.ctx, taken); err != nil {
		d.t.Fatal(err)
	}
	if err := d.Settle(d.ctx, taken); err != nil {
		d.t.Fatal(err)
	}
	d.same("pending entries", d.pending(10), []core.Entry{second.Entry(d.thing)})
	d.same("history", d.history(d.thing, first.After.ID), []core.Entry{second.Entry(d.thing), first.Entry(d.thing)})
}

func relayLeavesRecord(d *desk) {
	r, _ := d.life()
	d.relay(100)
	d.same("stored record", d.get(d.thing, r.ID), r)
	d.do(d.thing, core.Updated, r, values{"name": "Ida"})
}

func relayRuns(d *desk) {
	const writers, versions = 4, 15
	ctx, stop := context.WithCancel(d.ctx)
	var writing, running sync.WaitGroup
	records := make([]*core.Record, writers)
	for i := range records {
		records[i] = d.create(d.thing, values{"size": int64(0)})
	}
	changes := make([][]core.Change, writers)
	for i, r := range records {
		for v := range int64(versions) {
			c := d.next(core.Updated, r, values{"size": v + 1})
			changes[i], r = append(changes[i], c), c.After
		}
	}
	for i := range records {
		writing.Go(func() {
			for _, c := range changes[i] {
				if err := d.Commit(d.ctx, d.thing, []core.Change{c})[0]; err != nil {
					d.t.Errorf("Commit: %v", err)
				}
			}
		})
		running.Go(func() {
			for last := 1; ctx.Err() == nil; {
				entries, err := d.History(d.ctx, d.thing, records[i].ID, 1000, 0)
				if err != nil || len(entries) < last || entries[0].Version != int64(len(entries)) {
					d.t.Errorf("history of %d entries after one of %d, error %v; want it whole, down to version 1", len(entries), last, err)
					return
				}
				last = len(entries)
			}
		})
	}
	running.Go(func() {
		for ctx.Err() == nil {
			entries, err := Pending(d.ctx, d.Store, 7)
			if err == nil {
				err = d.Append(d.ctx, entries)
			}
			if err == nil {
				err = d.Settle(d.ctx, entries)
			}
			if err != nil {
				d.t.Errorf("relay: %v", err)
				return
			}
			if len(entries) == 0 {
				select {
				case <-ctx.Done():
				case <-time.After(time.Millisecond):
				}
			}
		}
	})
	writing.Wait()
	stop()
	running.Wait()
	d.relay(100)
	for _, r := range records {
		if n := len(d.history(d.thing, r.ID)); n != versions+1 {
			d.t.Errorf("history has %d entries; want %d", n, versions+1)
		}
	}
}
