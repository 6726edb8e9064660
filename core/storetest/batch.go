package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func batchTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a batch makes changes of several entities, each with its entry": batchAll,
		"of a batch with a refused change nothing is made":               batchNone,
		"a unique value is taken by a batch as by anybody":               batchUnique,
		"a unique value that a batch has moved is free or taken":         batchMoved,
		"a batch is made once for each key":                              batchKey,
		"of many batches with one key one is made":                       batchKeyRace,
		"many batches and single writes lose nothing":                    batchRace,
		"who has seen one change sees all in a later request":            batchSeen,
		"a batch that is not known has an end":                           batchEnd,
	}
}

func (d *desk) batch(changes ...core.Change) core.Batch {
	d.drawn++
	b := core.Batch{ID: fmt.Sprintf("b%d", d.drawn)}
	for _, c := range changes {
		b.Steps = append(b.Steps, core.Step{Entity: d.model.Entity(c.After.Entity), Change: c})
	}
	return b
}

func (d *desk) commitAll(changes ...core.Change) {
	d.t.Helper()
	if err := errors.Join(d.CommitAll(d.ctx, d.batch(changes...))...); err != nil {
		d.t.Fatalf("CommitAll: %v", err)
	}
}

func batchAll(d *desk) {
	thing := d.create(d.thing, values{"code": "A1", "size": int64(1)})
	update := d.next(core.Updated, thing, values{"code": "A1", "size": int64(2)})
	person, other := d.creation(d.person, values{"name": "Ada"}), d.creation(d.thing, values{"code": "A2"})
	d.commitAll(update, person, other)
	for _, c := range []core.Change{update, person, other} {
		e := d.model.Entity(c.After.Entity)
		d.same("the record", d.get(e, c.After.ID), c.After)
		d.same("its latest entry", d.history(e, c.After.ID)[0], c.Entry(e))
	}
	d.same("what is found by a new value", ids(d.find(d.thing, core.Query{Filter: d.where(d.thing, values{"size": values{"eq": 2}}), First: 5})), []string{thing.ID})
	pending := 0
	for entries, err := range d.Pending(d.ctx, 10) {
		if err != nil {
			d.t.Fatalf("Pending: %v", err)
		}
		pending += len(entries)
	}
	if pending != 4 {
		d.t.Errorf("Pending: %d entries; want one of the creation before and three", pending)
	}
}

func batchNone(d *desk) {
	first, second := d.create(d.thing, values{"size": int64(1)}), d.create(d.thing, values{"size": int64(1)})
	d.do(d.thing, core.Updated, second, values{"size": int64(5)})
	person := d.creation(d.person, values{"name": "Ada"})
	errs := d.CommitAll(d.ctx, d.batch(
		d.next(core.Updated, first, values{"size": int64(2)}), d.next(core.Updated, second, values{"size": int64(2)}), person))
	d.refused(errs[1], "version", "")
	d.same("the errors of the others", []error{errs[0], errs[2]}, []error{nil, nil})
	d.same("the first record", d.get(d.thing, first.ID), first)
	if r := d.get(d.person, person.After.ID); r != nil {
		d.t.Errorf("the new record is there: %+v", r)
	}
	d.same("its history", d.history(d.person, person.After.ID), []core.Entry{})
	d.do(d.thing, core.Updated, first, values{"size": int64(3)})
	d.commit(d.person, person)
}

func batchUnique(d *desk) {
	d.create(d.thing, values{"code": "A1"})
	free := d.create(d.thing, values{"code": "A9"})
	other := func() core.Change { return d.creation(d.thing, values{"code": "A2"}) }
	d.refused(d.CommitAll(d.ctx, d.batch(other(), d.creation(d.thing, values{"code": "A1"})))[1], "unique", "code")
	d.refused(d.CommitAll(d.ctx, d.batch(other(), d.next(core.Updated, free, values{"code": "A1"})))[1], "unique", "code")
	d.create(d.thing, values{"code": "A2"})
	d.create(d.thing, values{"code": "A3"})
	for _, err := range d.CommitAll(d.ctx, d.batch(d.creation(d.thing, values{"code": "A4"}), d.creation(d.thing, values{"code": "A4"}))) {
		if err != nil {
			d.refused(err, "unique", "code")
		}
	}
	d.create(d.thing, values{"code": "A4"})
}

func batchMoved(d *desk) {
	first := d.create(d.thing, values{"code": "A1"})
	d.commitAll(d.next(core.Updated, first, values{"code": "A2"}), d.creation(d.thing, values{"code": "A3"}))
	for _, taken := range []string{"A2", "A3"} {
		d.refused(d.try(d.thing, d.creation(d.thing, values{"code": taken}))[0], "unique", "code")
	}
	d.create(d.thing, values{"code": "A1"})
}

func batchKey(d *desk) {
	keyed := func(name string) core.Batch {
		b := d.batch(d.creation(d.person, values{"name": name}), d.creation(d.thing, values{}))
		b.Once = core.Once{Key: "k1", Result: []byte(name), Keep: time.Hour}
		return b
	}
	if err := errors.Join(d.CommitAll(d.ctx, keyed("Ada"))...); err != nil {
		d.t.Fatalf("CommitAll: %v", err)
	}
	for _, err := range d.CommitAll(d.ctx, keyed("Eva")) {
		d.refused(err, "key", "key")
	}
	value, _, err := d.State(d.ctx, core.OnceOwner, "k1")
	if err != nil || string(value) != "Ada" {
		d.t.Errorf("what came of the key: %q, %v; want Ada", value, err)
	}
	if found := d.find(d.person, core.Query{First: 5}); len(found) != 1 {
		d.t.Errorf("there are %d people; want 1", len(found))
	}
}

func batchKeyRace(d *desk) {
	other := d.another()
	var made atomic.Int32
	var group sync.WaitGroup
	for i := range 8 {
		b := d.batch(d.creation(d.person, values{"name": "Ada"}), d.creation(d.thing, values{}))
		b.Once = core.Once{Key: "k1", Keep: time.Hour}
		group.Go(func() {
			for {
				err := errors.Join([]Store{d.Store, other}[i%2].CommitAll(d.ctx, b)...)
				if err == nil {
					made.Add(1)
					return
				}
				if value, version, _ := d.State(d.ctx, core.OnceOwner, "k1"); core.CodeOf(err) != core.Conflict || version != 0 {
					if core.CodeOf(err) != core.Conflict {
						d.t.Errorf("CommitAll: %v (%s)", err, value)
					}
					return
				}
			}
		})
	}
	group.Wait()
	if found := d.find(d.person, core.Query{First: 9}); made.Load() != 1 || len(found) != 1 {
		d.t.Errorf("%d batches say that they were made, and there are %d people; want 1", made.Load(), len(found))
	}
}

// repeat repeats what makes changes until nobody else was faster.
func (d *desk) repeat(do func() []error) {
	for range 300 {
		err := errors.Join(do()...)
		if err == nil {
			return
		}
		if core.CodeOf(err) != core.Conflict {
			d.t.Error(err)
			return
		}
	}
	d.t.Error("others were faster all the time")
}

func batchRace(d *desk) {
	stores := []Store{d.Store, d.another()}
	var mu sync.Mutex // a desk is for one
	plus := func(s Store, id string) core.Change {
		found, err := s.Find(d.ctx, d.thing, core.Query{Filter: byID(id), First: 1})
		if err != nil || len(found) == 0 {
			d.t.Errorf("Find: %d records, %v", len(found), err)
			return core.Change{After: &core.Record{Entity: "thing"}}
		}
		mu.Lock()
		defer mu.Unlock()
		size, _ := found[0].Values["size"].(int64)
		return d.next(core.Updated, found[0], values{"size": size + 1})
	}
	a, b := d.create(d.thing, values{"size": int64(0)}).ID, d.create(d.thing, values{"size": int64(0)}).ID
	const writers, each = 4, 3
	var group sync.WaitGroup
	for i := range writers {
		s := stores[i%2]
		group.Go(func() {
			for range each {
				d.repeat(func() []error {
					changes := []core.Change{plus(s, a), plus(s, b)}
					if i >= 2 {
						changes[0], changes[1] = changes[1], changes[0]
					}
					mu.Lock()
					batch := d.batch(changes...)
					mu.Unlock()
					return s.CommitAll(d.ctx, batch)
				})
				d.repeat(func() []error { return s.Commit(d.ctx, d.thing, []core.Change{plus(s, a)}) })
			}
		})
	}
	group.Wait()
	d.same("the first", d.get(d.thing, a).Values["size"], int64(2*writers*each))
	d.same("the second", d.get(d.thing, b).Values["size"], int64(writers*each))
}

func byID(id string) schema.Filter {
	return schema.Filter{Path: "id", Op: schema.OpEq, Value: id, Field: schema.SystemFields[0]}
}

// batchSeen raises a number in several records together, while others look how far it is.
func batchSeen(d *desk) {
	const records, rounds = 3, 12
	all := d.createAll(d.thing, values{"size": int64(0)}, values{"size": int64(0)}, values{"size": int64(0)})
	those := schema.Filter{Path: "id", Op: schema.OpIn, Value: []any{all[0].ID, all[1].ID, all[2].ID}, Field: schema.SystemFields[0]}
	other := d.another()
	ctx, stop := context.WithCancel(d.ctx)
	var readers sync.WaitGroup
	from := d.where(d.thing, values{"size": values{"gte": 0}})
	for i := range 4 {
		s := []Store{d.Store, other}[i%2]
		readers.Go(func() {
			seen := int64(0)
			for ctx.Err() == nil {
				request := core.OneRequest(ctx)
				f := from
				f.Value = seen
				n, err := s.Count(request, d.thing, core.Query{Filter: f}, 10)
				if err == nil && n[""] != records {
					d.t.Errorf("%d records have come to %d, which one had in the request before; want %d", n[""], seen, records)
				}
				found, _ := s.Find(request, d.thing, core.Query{First: 9})
				named, _ := s.Find(core.OneRequest(ctx), d.thing, core.Query{Filter: those, First: -1})
				for _, r := range found {
					seen = max(seen, r.Values["size"].(int64))
				}
				for _, r := range named {
					if size := r.Values["size"].(int64); size < seen {
						d.t.Errorf("a record that was asked for by its id has come to %d; in the request before one had %d", size, seen)
					}
				}
				for _, r := range named {
					seen = max(seen, r.Values["size"].(int64))
				}
			}
		})
	}
	for size := range int64(rounds) {
		var changes []core.Change
		for i := range all {
			changes = append(changes, d.next(core.Updated, all[i], values{"size": size + 1}))
			all[i] = changes[i].After.Clone()
		}
		d.commitAll(changes...)
	}
	stop()
	readers.Wait()
}

func batchEnd(d *desk) {
	d.commitAll(d.creation(d.thing, values{}))
	for _, id := range []string{fmt.Sprintf("b%d", d.drawn), "b99"} {
		if err := d.EndBatch(d.ctx, id); err != nil {
			d.t.Errorf("EndBatch(%s): %v", id, err)
		}
	}
}
