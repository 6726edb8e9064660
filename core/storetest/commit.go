package storetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/openxrm/xrm/core"
)

func commitTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a created record is found as it was committed":       commitCreates,
		"an update replaces the values and counts on":         commitUpdates,
		"a deleted record is kept and can be restored":        commitDeletesAndRestores,
		"a stale change is refused and changes nothing":       commitRefusesStale,
		"an id is created once":                               commitRefusesTakenID,
		"a change of a record that is not there is refused":   commitRefusesUnknown,
		"one change that fails leaves the others alone":       commitIsPerChange,
		"changes of one record in one call follow each other": commitInOrder,
		"a thousand records in one call":                      commitThousand,
		"of concurrent changes of a version one wins":         commitOneWinner,
		"a call that is canceled says so for every change":    commitCanceled,
		"after Close every call is Unavailable":               closedIsUnavailable,
	}
}

func commitCreates(d *desk) {
	want := d.create(d.thing, values{"name": "Ada", "size": int64(3)})
	d.same("stored record", d.get(d.thing, want.ID), want)
}

func commitUpdates(d *desk) {
	first := d.create(d.thing, values{"name": "Ada", "size": int64(3), "place": values{"city": "Bonn"}})
	second := d.do(d.thing, core.Updated, first, values{"name": "Eva", "open": true})
	got := d.get(d.thing, first.ID)
	d.same("stored record", got, second)
	if got.Version != 2 || got.CreatedBy != "u1" || got.UpdatedBy != "u2" {
		d.t.Errorf("version %d, created by %s, updated by %s; want 2, u1, u2", got.Version, got.CreatedBy, got.UpdatedBy)
	}
}

func commitDeletesAndRestores(d *desk) {
	first := d.create(d.thing, values{"name": "Ada"})
	second := d.do(d.thing, core.Deleted, first, first.Values)
	d.same("live records", ids(d.find(d.thing, core.Query{First: -1})), []string{})
	d.same("all records", d.find(d.thing, core.Query{First: -1, Deleted: true}), []*core.Record{second})
	third := d.do(d.thing, core.Restored, second, second.Values)
	d.same("live records", d.find(d.thing, core.Query{First: -1}), []*core.Record{third})
	if third.Deleted() {
		d.t.Error("the restored record still says that it is deleted")
	}
}

func commitRefusesStale(d *desk) {
	first := d.create(d.thing, values{"name": "Ada"})
	second := d.do(d.thing, core.Updated, first, values{"name": "Eva"})
	d.refused(d.try(d.thing, d.next(core.Updated, first, values{"name": "late"}))[0], "version", "")
	d.refused(d.try(d.thing, d.next(core.Deleted, first, first.Values))[0], "version", "")
	ahead := second.Clone()
	ahead.Version = 7
	d.refused(d.try(d.thing, d.next(core.Updated, ahead, values{"name": "early"}))[0], "version", "")
	d.same("stored record", d.get(d.thing, first.ID), second)
	if n := len(d.history(d.thing, first.ID)); n != 2 {
		d.t.Errorf("history has %d entries; want 2: a refused change leaves none", n)
	}
}

func commitRefusesTakenID(d *desk) {
	first := d.create(d.thing, values{"name": "Ada"})
	again := d.creation(d.thing, values{"name": "Eva"})
	again.After.ID = first.ID
	d.refused(d.try(d.thing, again)[0], "version", "")
	d.same("stored record", d.get(d.thing, first.ID), first)
}

func commitRefusesUnknown(d *desk) {
	never := d.creation(d.thing, values{"name": "Ada"}).After
	d.refused(d.try(d.thing, d.next(core.Updated, never, values{"name": "Eva"}))[0], "version", "")
	if got := d.get(d.thing, never.ID); got != nil {
		d.t.Errorf("the update of a record that is not there created %+v", got)
	}
}

func commitIsPerChange(d *desk) {
	old := d.create(d.thing, values{"code": "old"})
	d.do(d.thing, core.Updated, old, values{"code": "old", "size": int64(1)})
	var changes []core.Change
	for i := range 20 {
		changes = append(changes, d.creation(d.thing, values{"code": fmt.Sprint("c", i), "tags": []any{"batch"}}))
	}
	changes[4] = d.creation(d.thing, values{"code": "old", "tags": []any{"batch"}})
	changes[9] = d.next(core.Updated, old, values{"code": "older", "tags": []any{"batch"}})
	changes[14].After.Values["code"] = "c13"
	for i, err := range d.try(d.thing, changes...) {
		switch i {
		case 4, 14:
			d.refused(err, "unique", "code")
		case 9:
			d.refused(err, "version", "")
		default:
			if err != nil {
				d.t.Errorf("change %d: %v; want none: it has nothing to do with the others", i, err)
			}
		}
		wanted := 1
		if i == 4 || i == 14 {
			wanted = 0
		}
		if i != 9 && len(d.history(d.thing, changes[i].After.ID)) != wanted {
			d.t.Errorf("change %d has %d history entries; want %d", i, len(d.history(d.thing, changes[i].After.ID)), wanted)
		}
	}
	q := core.Query{Filter: d.where(d.thing, values{"tags": values{"some": values{"eq": "batch"}}}), First: -1}
	if n := len(d.find(d.thing, q)); n != 17 {
		d.t.Errorf("%d of 20 records got in; want 17", n)
	}
}

func commitInOrder(d *desk) {
	create := d.creation(d.thing, values{"name": "one"})
	update := d.next(core.Updated, create.After, values{"name": "two"})
	stale := d.next(core.Updated, create.After, values{"name": "three"})
	errs := d.try(d.thing, create, update, stale)
	if errs[0] != nil || errs[1] != nil {
		d.t.Fatalf("errors %v; want none for the first two", errs)
	}
	d.refused(errs[2], "version", "")
	d.same("stored record", d.get(d.thing, create.After.ID), update.After)
	if n := len(d.history(d.thing, create.After.ID)); n != 2 {
		d.t.Errorf("history has %d entries; want 2", n)
	}
}

func commitThousand(d *desk) {
	var all []values
	for i := range 1000 {
		all = append(all, values{"code": fmt.Sprint("c", i), "name": fmt.Sprint("thing ", i), "size": int64(i)})
	}
	created := d.createAll(d.thing, all...)
	d.same("stored records", d.find(d.thing, core.Query{First: -1}), created)
}

func commitOneWinner(d *desk) {
	record := d.create(d.thing, values{"size": int64(0)})
	for round := range 5 {
		var changes []core.Change
		for i := range 8 {
			changes = append(changes, d.next(core.Updated, record, values{"size": int64(100*round + i)}))
		}
		var won atomic.Pointer[core.Record]
		var group sync.WaitGroup
		for _, c := range changes {
			group.Go(func() {
				if err := d.Commit(d.ctx, d.thing, []core.Change{c})[0]; err == nil {
					if other := won.Swap(c.After); other != nil {
						d.t.Errorf("version %d was written twice", c.After.Version)
					}
				} else if core.CodeOf(err) != core.Conflict {
					d.t.Errorf("the loser's error is %v; want a Conflict", err)
				}
			})
		}
		group.Wait()
		if record = won.Load(); record == nil {
			d.t.Fatal("nobody won")
		}
		d.same("stored record", d.get(d.thing, record.ID), record)
	}
	if n := len(d.history(d.thing, record.ID)); n != 6 {
		d.t.Errorf("history has %d entries; want 6", n)
	}
}

func commitCanceled(d *desk) {
	ctx, cancel := context.WithCancel(d.ctx)
	cancel()
	changes := []core.Change{d.creation(d.thing, values{"name": "Ada"}), d.creation(d.thing, values{"name": "Eva"})}
	errs := d.Commit(ctx, d.thing, changes)
	if len(errs) != 2 || core.CodeOf(errs[0]) != core.Unavailable || core.CodeOf(errs[1]) != core.Unavailable {
		d.t.Errorf("errors are %v; want two that are Unavailable", errs)
	}
	d.same("stored records", ids(d.find(d.thing, core.Query{First: -1})), []string{})
}

func closedIsUnavailable(d *desk) {
	if err := d.Close(); err != nil {
		d.t.Fatalf("Close: %v", err)
	}
	c := d.creation(d.thing, values{"name": "Ada"})
	_, errFind := d.Find(d.ctx, d.thing, core.Query{First: 1})
	_, errCount := d.Count(d.ctx, d.thing, core.Query{}, 10)
	_, errNext := d.Next(d.ctx, "n", 0)
	_, errHistory := d.History(d.ctx, d.thing, c.After.ID, 10, 0)
	_, errPending := Pending(d.ctx, d.Store, 10)
	_, errKey := d.KeyByHash(d.ctx, "h")
	_, errSubscriptions := d.Subscriptions(d.ctx)
	_, errDeliverable := d.Deliverable(d.ctx, "s", d.now(), 10)
	_, errReplay := d.Replay(d.ctx, "s", []string{"e"})
	for what, err := range map[string]error{
		"Commit": d.Commit(d.ctx, d.thing, []core.Change{c})[0], "Find": errFind, "Count": errCount, "Next": errNext,
		"History": errHistory, "Pending": errPending, "Append": d.Append(d.ctx, []core.Entry{c.Entry(d.thing)}),
		"Settle": d.Settle(d.ctx, []core.Entry{c.Entry(d.thing)}), "KeyByHash": errKey, "SaveKey": d.SaveKey(d.ctx, core.Key{ID: "k", Hash: "h"}),
		"Subscriptions": errSubscriptions, "Subscribe": d.Subscribe(d.ctx, core.Subscription{Subscriber: "s"}), "Deliverable": errDeliverable,
		"Enqueue": d.Enqueue(d.ctx, []core.Delivery{{Subscriber: "s", Event: c.Entry(d.thing).Event()}}), "Ack": d.Ack(d.ctx, "s", []string{"e"}), "Replay": errReplay,
		"Ping": d.Ping(d.ctx), "Prepare": d.Prepare(d.ctx, d.model),
	} {
		if core.CodeOf(err) != core.Unavailable {
			d.t.Errorf("%s after Close: %v; want it Unavailable", what, err)
		}
	}
}
