package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/openxrm/xrm/core"
)

func positionTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"an empty journal has none":                               positionsNone,
		"entries have them in their order, from one, in pages":    positionsPages,
		"an entry keeps its position whatever happens to it":      positionsStay,
		"a change that was refused has none":                      positionsRefused,
		"a relay that died after any entry leaves no gap":         positionsDead,
		"a relay that is late gives none twice and leaves none":   positionsLate,
		"an instance goes on behind what another one has moved":   positionsTakeTurns,
		"a reader misses none and sees none twice, all at once":   positionsAtOnce,
		"a reader with a cursor is not told what was forgotten":   positionsForgotten,
		"there is nothing to number where everything has its own": positionsNumbered,
	}
}

// after reads the entries behind a position and checks that they follow it.
func (d *desk) after(position int64, limit int) (entries []core.Entry, last int64) {
	d.t.Helper()
	entries, last, err := d.EntriesAfter(d.ctx, position, limit)
	if err != nil {
		d.t.Fatalf("EntriesAfter(%d, %d): %v", position, limit, err)
	}
	for i, e := range entries {
		if e.Position != position+int64(i)+1 {
			d.t.Fatalf("entry %d behind position %d has position %d", i+1, position, e.Position)
		}
	}
	return entries, last
}

// wholeJournal reads all there is, wants each entry once and those of one record by
// version from 1, and returns them without their positions.
func (d *desk) wholeJournal() []core.Entry {
	d.t.Helper()
	entries, last := d.after(0, 1_000_000)
	if int64(len(entries)) != last {
		d.t.Fatalf("%d entries have positions; the last position is %d", len(entries), last)
	}
	versions := map[string]int64{}
	for i, e := range entries {
		key := e.Event().Key
		if versions[key]++; e.Version != versions[key] {
			d.t.Fatalf("position %d is version %d of %s; want version %d", e.Position, e.Version, key, versions[key])
		}
		entries[i].Position = 0
	}
	return entries
}

// move moves entries as a relay does.
func (d *desk) move(entries []core.Entry) {
	d.t.Helper()
	d.must(d.Append(d.ctx, entries))
	d.must(d.Settle(d.ctx, entries))
}

func positionsNone(d *desk) {
	entries, last := d.after(0, 10)
	if len(entries) != 0 || last != 0 {
		d.t.Errorf("EntriesAfter of an empty journal: %v, last %d", entries, last)
	}
}

func positionsPages(d *desk) {
	r, want := d.life()
	d.create(d.person, values{"name": "Eva"})
	moved := d.relay(4)
	all := d.wholeJournal()
	d.same("entries by position", all, moved)
	ofRecord := slices.DeleteFunc(slices.Clone(all), func(e core.Entry) bool { return e.RecordID != r.ID })
	slices.Reverse(ofRecord)
	d.same("those of the record, latest first", ofRecord, want)
	for name, page := range map[string]struct {
		after int64
		limit int
		want  []core.Entry
	}{
		"from the first":  {0, 2, all[:2]},
		"in between":      {2, 3, all[2:5]},
		"the rest":        {4, 100, all[4:]},
		"behind the last": {6, 100, nil},
		"further behind":  {1_000_000, 100, nil},
		"none of them":    {1, 0, nil},
	} {
		got, last := d.after(page.after, page.limit)
		for i := range got {
			got[i].Position = 0
		}
		d.same(name, got, page.want)
		if last != 6 {
			d.t.Errorf("%s: the last position is %d; want 6", name, last)
		}
	}
}

func positionsStay(d *desk) {
	r, _ := d.life()
	d.relay(2)
	before, _ := d.after(0, 100)
	d.move(before) // by a relay that was slow
	d.do(d.thing, core.Deleted, r, r.Values)
	d.relay(2)
	now, last := d.after(0, 5)
	d.same("entries", now, before)
	if last != 6 {
		d.t.Errorf("the last position is %d; want 6", last)
	}
}

func positionsRefused(d *desk) {
	old := d.create(d.thing, values{"code": "a"})
	d.do(d.thing, core.Updated, old, values{"code": "b"})
	for range 3 {
		errs := d.try(d.thing, d.creation(d.thing, values{"code": "c"}), d.creation(d.thing, values{"code": "b"}), d.next(core.Updated, old, values{"code": "d"}))
		d.refused(errs[1], "unique", "code")
		d.refused(errs[2], "version", "")
	}
	d.relay(100)
	if n := len(d.wholeJournal()); n != 3 {
		d.t.Errorf("%d entries have positions; want those of the 3 changes that were made", n)
	}
}

func positionsDead(d *desk) {
	const batch = 6
	want := 0
	for died := range batch + 1 {
		for range batch / 2 {
			d.do(d.thing, core.Updated, d.create(d.thing, values{"size": int64(1)}), values{"size": int64(2)})
		}
		entries := d.pending(100)
		d.must(d.Append(d.ctx, entries[:died]))
		d.must(d.Settle(d.ctx, entries[:died/2]))
		want += batch
		if died%2 == 0 { // and the next one is in another process
			other := d.another()
			d.must(other.Append(d.ctx, entries))
			d.must(other.Settle(d.ctx, entries))
		}
		d.relay(4)
		if n := len(d.wholeJournal()); n != want {
			d.t.Fatalf("a relay died after %d entries: %d have positions; want %d", died, n, want)
		}
	}
}

func positionsLate(d *desk) {
	other := d.another()
	d.life()
	late, err := Pending(d.ctx, other, 4)
	d.must(err)
	d.relay(100)
	d.life()
	d.relay(2)
	d.must(other.Append(d.ctx, late))
	d.must(other.Settle(d.ctx, late))
	if n := len(d.wholeJournal()); n != 10 {
		d.t.Errorf("%d entries have positions; want 10", n)
	}
}

func positionsTakeTurns(d *desk) {
	stores := []Store{d.Store, d.another(), d.another()}
	for turn := range 12 {
		for range turn {
			d.create(d.thing, values{"size": int64(turn)})
		}
		s := stores[turn%len(stores)]
		entries := d.pending(100)
		d.must(s.Append(d.ctx, entries))
		d.must(s.Settle(d.ctx, entries))
		_, last, err := stores[(turn+1)%len(stores)].EntriesAfter(d.ctx, 0, 0)
		if want := int64(turn * (turn + 1) / 2); err != nil || last != want {
			d.t.Fatalf("after turn %d another instance takes %d for the last position, %v; want %d", turn, last, err, want)
		}
	}
	d.wholeJournal()
}

// positionsAtOnce lets writers, relays and readers of two instances work at the same time.
func positionsAtOnce(d *desk) {
	const writers, versions = 4, 12
	stores := []Store{d.Store, d.another()}
	changes := make([][]core.Change, writers)
	for i := range changes {
		c := d.creation(d.thing, values{"size": int64(0)})
		changes[i] = []core.Change{c}
		for v := range int64(versions - 1) {
			c = d.next(core.Updated, c.After, values{"size": v + 1})
			changes[i] = append(changes[i], c)
		}
	}
	var writing, relaying, reading sync.WaitGroup
	written, stop := context.WithCancel(d.ctx)
	for i, list := range changes {
		writing.Go(func() {
			for _, c := range list {
				if err := stores[i%2].Commit(d.ctx, d.thing, []core.Change{c})[0]; err != nil {
					d.t.Errorf("Commit: %v", err)
				}
			}
		})
	}
	for _, s := range stores {
		relaying.Go(func() {
			for {
				done := written.Err() != nil
				entries, err := Pending(d.ctx, s, 7)
				if err == nil {
					err = s.Append(d.ctx, entries)
				}
				if err == nil {
					err = s.Settle(d.ctx, entries)
				}
				if err != nil {
					d.t.Errorf("relay: %v", err)
				}
				if err != nil || done && len(entries) == 0 {
					return
				}
			}
		})
		reading.Go(func() {
			for cursor := int64(0); cursor < writers*versions; {
				entries, last, err := s.EntriesAfter(d.ctx, cursor, 5)
				if err == nil && last < cursor+int64(len(entries)) {
					err = fmt.Errorf("the last position is %d", last)
				}
				for _, e := range entries {
					if cursor++; e.Position != cursor {
						err = fmt.Errorf("position %d comes instead", e.Position)
					}
				}
				if err != nil || d.t.Failed() {
					d.t.Errorf("reading up to position %d: %v", cursor, err)
					return
				}
			}
		})
	}
	writing.Wait()
	stop()
	relaying.Wait()
	reading.Wait()
	if n := len(d.wholeJournal()); n != writers*versions {
		d.t.Errorf("%d entries have positions; want %d", n, writers*versions)
	}
}

func positionsForgotten(d *desk) {
	r, entries := d.personal()
	d.relay(2)
	d.must(d.Forget(d.ctx, d.thing, []string{r.ID}))
	want := forgotten(entries)
	d.same("entries by position", d.wholeJournal(), []core.Entry{want[2], want[1], want[0]})
}

func positionsNumbered(d *desk) {
	d.life()
	d.relay(3)
	before, _ := d.after(0, 100)
	for range 2 {
		if n, err := d.Number(d.ctx); n != 0 || err != nil {
			d.t.Errorf("Number: %d, %v; want none", n, err)
		}
	}
	now, _ := d.after(0, 100)
	d.same("entries", now, before)
}
