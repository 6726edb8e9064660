package storetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

func deliveryTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a subscription is replaced and removed with its deliveries": deliverySubscriptions,
		"an event comes back as it was enqueued":                     deliveryWhole,
		"an event is enqueued once":                                  deliveryOnce,
		"an entry is missing until the relay has moved it":           deliveryMissing,
		"those due for longest come first":                           deliveryOldestFirst,
		"an earlier event that waits holds back its key":             deliveryHeldBack,
		"an earlier event that comes later is not overtaken":         deliveryLateEarlier,
		"a key that waits does not clog the others":                  deliveryNotClogged,
		"what is acknowledged is gone":                               deliveryAcknowledged,
		"a key keeps its order whatever is done":                     deliveryRandom,
		"subscribers do not share deliveries":                        deliveryApart,
		"writers at once enqueue each event once":                    deliveryWriters,
	}
}

// delivery is the n-th event of a key, for the subscriber s, due now.
func (d *desk) delivery(key string, n int64) core.Delivery {
	entry := core.Entry{Entity: "thing", RecordID: key, Version: n, Action: core.Updated, At: d.clock, Actor: actor()}
	return core.Delivery{Subscriber: "s", Event: entry.Event(), Due: d.clock}
}

// must fails the test when something failed.
func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) enqueue(deliveries ...core.Delivery) {
	d.t.Helper()
	d.must(d.Enqueue(d.ctx, deliveries))
}

// deliverable are the short names, such as a1 and a2 of the key a, of what is
// deliverable at a moment.
func (d *desk) deliverable(at time.Time, limit int) []string {
	d.t.Helper()
	found, err := d.Deliverable(d.ctx, "s", at, limit)
	d.must(err)
	return shorts(found)
}

func shorts(deliveries []core.Delivery) []string {
	names := []string{}
	for _, d := range deliveries {
		names = append(names, fmt.Sprint(d.Event.Entry.RecordID, d.Event.Seq))
	}
	return names
}

func id(key string, n int64) string { return fmt.Sprintf("thing/%s/%d", key, n) }

func deliverySubscriptions(d *desk) {
	list := func() []core.Subscription {
		subscriptions, err := d.Subscriptions(d.ctx)
		d.must(err)
		return subscriptions
	}
	d.same("subscriptions", list(), []core.Subscription{})
	a, s := core.Subscription{Subscriber: "a", Topics: []string{"thing.created"}}, core.Subscription{Subscriber: "s", Topics: []string{"thing.*", "a.b"}}
	d.must(d.Subscribe(d.ctx, core.Subscription{Subscriber: "s", Topics: []string{"person.*"}}))
	d.must(d.Subscribe(d.ctx, a))
	d.must(d.Subscribe(d.ctx, s))
	d.same("subscriptions", list(), []core.Subscription{a, s})
	d.enqueue(d.delivery("a", 1), d.delivery("b", 1))
	d.must(d.Bury(d.ctx, "s", id("b", 1), "no", d.now()))
	d.must(d.Unsubscribe(d.ctx, "s"))
	d.same("subscriptions", list(), []core.Subscription{a})
	backlog, err := d.Backlog(d.ctx)
	d.must(err)
	d.same("backlog", backlog, []core.Backlog{})
}

func deliveryWhole(d *desk) {
	record := d.creation(d.person, values{"name": "Ada", "roles": []any{"member"}, "member": values{"number": "M1"}})
	want := []core.Delivery{
		{Subscriber: "s", Event: record.Entry(d.person).Event(), Due: d.now()},
		{Subscriber: "s", Due: d.now(), Event: core.Event{
			ID: d.id(), Topic: "complaints.escalated", Key: "Ü/1", Seq: 1772271000000001, At: d.now(), Actor: actor(), Payload: []byte(`{"level": 3, "text": "Ü"}`),
		}},
	}
	d.enqueue(want...)
	got, err := d.Deliverable(d.ctx, "s", d.now(), 10)
	d.must(err)
	d.same("deliveries", got, want)
	if roles := got[0].Event.Entry.Roles; !slices.Equal(roles, []string{"member"}) {
		d.t.Errorf("the entry names the roles %v; want member", roles)
	}
	d.commit(d.person, record)
	d.same("pending entry", d.pending(1), []core.Entry{record.Entry(d.person)})
	d.relay(10)
	d.same("history", d.history(d.person, record.After.ID), []core.Entry{record.Entry(d.person)})
}

func deliveryOnce(d *desk) {
	a1, b1, c1 := d.delivery("a", 1), d.delivery("b", 1), d.delivery("c", 1)
	d.enqueue(a1, b1)
	d.must(d.Postpone(d.ctx, "s", b1.Event.ID, 3, d.clock.Add(time.Hour), "not now"))
	d.must(d.Bury(d.ctx, "s", a1.Event.ID, "no", d.clock))
	d.enqueue(a1, b1, c1, c1)
	d.enqueue(b1, a1)
	d.same("deliverable", d.deliverable(d.clock, 10), []string{"c1"})
	d.same("deliverable in an hour", d.deliverable(d.clock.Add(time.Hour), 10), []string{"c1", "b1"})
	d.must(d.Enqueue(d.ctx, nil))
}

func deliveryMissing(d *desk) {
	missing := func(entries ...core.Entry) []core.Entry {
		found, err := d.Missing(d.ctx, entries)
		d.must(err)
		return found
	}
	d.life()
	d.create(d.person, values{"name": "Eva"})
	all := d.pending(10)
	d.same("missing", missing(all...), all)
	d.must(d.Append(d.ctx, all[1:3]))
	d.must(d.Settle(d.ctx, all[1:3]))
	d.same("missing", missing(all...), append([]core.Entry{all[0]}, all[3:]...))
	d.relay(10)
	d.same("missing", missing(all...), []core.Entry{})
	d.same("missing of none", missing(), []core.Entry{})
}

func deliveryOldestFirst(d *desk) {
	start := d.clock
	for _, key := range []string{"c", "a", "b"} {
		d.now()
		d.enqueue(d.delivery(key, 1))
	}
	later := d.delivery("d", 1)
	later.Due = d.clock.Add(time.Hour)
	d.enqueue(later)
	d.same("before any is due", d.deliverable(start, 10), []string{})
	d.same("deliverable", d.deliverable(d.clock, 10), []string{"c1", "a1", "b1"})
	d.same("the first two", d.deliverable(d.clock, 2), []string{"c1", "a1"})
}

func deliveryHeldBack(d *desk) {
	d.enqueue(d.delivery("a", 1), d.delivery("a", 2), d.delivery("b", 1))
	due := d.clock.Add(time.Minute)
	d.must(d.Postpone(d.ctx, "s", id("a", 1), 2, due, "The ERP is down."))
	d.enqueue(d.delivery("a", 3))
	d.same("deliverable", d.deliverable(due.Add(-time.Second), 10), []string{"b1"})
	d.must(d.Ack(d.ctx, "s", []string{id("b", 1)}))
	d.same("deliverable when due", d.deliverable(due, 10), []string{"a1", "a2", "a3"})
	found, err := d.Deliverable(d.ctx, "s", due, 1)
	d.must(err)
	want := d.delivery("a", 1)
	want.Attempts, want.Due, want.LastError = 2, due, "The ERP is down."
	d.same("delivery", found, []core.Delivery{want})
}

func deliveryLateEarlier(d *desk) {
	d.enqueue(d.delivery("a", 2), d.delivery("a", 3))
	d.now()
	d.enqueue(d.delivery("a", 1))
	d.same("deliverable", d.deliverable(d.now(), 10), []string{"a1", "a2", "a3"})
	d.same("the first two", d.deliverable(d.clock, 2), []string{"a1", "a2"})
}

func deliveryNotClogged(d *desk) {
	d.enqueue(d.delivery("a", 1))
	d.must(d.Postpone(d.ctx, "s", id("a", 1), 1, d.clock.Add(time.Hour), "later"))
	var behind []core.Delivery
	for n := range int64(50) {
		behind = append(behind, d.delivery("a", n+2))
	}
	d.enqueue(behind...)
	d.enqueue(d.delivery("b", 1))
	d.now() // of two that are due at the same time either may come first
	d.enqueue(d.delivery("c", 1))
	for _, limit := range []int{1, 2, 10} {
		d.same("deliverable", d.deliverable(d.now(), limit), []string{"b1", "c1"}[:min(limit, 2)])
	}
	d.must(d.Ack(d.ctx, "s", []string{id("a", 1)}))
	d.same("deliverable after the hour", d.deliverable(d.clock.Add(time.Hour), 4), []string{"b1", "c1", "a2", "a3"})
}

func deliveryAcknowledged(d *desk) {
	d.enqueue(d.delivery("a", 1), d.delivery("a", 2), d.delivery("b", 1))
	for range 2 {
		d.must(d.Ack(d.ctx, "s", []string{id("a", 1), id("b", 1)}))
		d.same("deliverable", d.deliverable(d.clock, 10), []string{"a2"})
	}
	d.must(d.Ack(d.ctx, "s", nil))
	d.must(d.Postpone(d.ctx, "s", id("a", 1), 1, d.clock, "gone"))
	d.must(d.Bury(d.ctx, "s", id("b", 1), "gone", d.clock))
	d.same("deliverable", d.deliverable(d.clock, 10), []string{"a2"})
}

func deliveryApart(d *desk) {
	mine, other := d.delivery("a", 1), d.delivery("a", 1)
	other.Subscriber = "other"
	d.enqueue(mine, other)
	d.must(d.Postpone(d.ctx, "other", other.Event.ID, 1, d.clock.Add(time.Hour), "later"))
	d.same("deliverable", d.deliverable(d.clock, 10), []string{"a1"})
	d.must(d.Ack(d.ctx, "s", []string{id("a", 1)}))
	found, err := d.Deliverable(d.ctx, "other", d.clock.Add(time.Hour), 10)
	d.must(err)
	d.same("the other's", shorts(found), []string{"a1"})
}

// deliveryRandom does anything in any order, and wants of whatever is
// deliverable that nothing is overtaken and nothing is left behind.
func deliveryRandom(d *desk) {
	s := d.seeded()
	waiting := map[string]core.Delivery{}
	dead := map[string]core.Delivery{}
	next := map[string]int64{}
	keys := []string{"a", "b", "c", "d"}
	pickOne := func(from map[string]core.Delivery) (core.Delivery, bool) {
		names := []string{}
		for name := range from {
			names = append(names, name)
		}
		slices.Sort(names)
		if len(names) == 0 {
			return core.Delivery{}, false
		}
		return from[pick(s, names...)], true
	}
	for range 150 {
		d.now()
		switch s.IntN(6) {
		case 0, 1:
			var some []core.Delivery
			for range 1 + s.IntN(5) {
				key := pick(s, keys...)
				next[key]++
				one := d.delivery(key, next[key])
				waiting[one.Event.ID] = one
				some = append(some, one)
			}
			s.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
			d.enqueue(some...)
		case 2:
			if one, ok := pickOne(waiting); ok {
				one.Due = d.clock.Add(time.Duration(s.IntN(20)) * time.Second)
				waiting[one.Event.ID] = one
				d.must(d.Postpone(d.ctx, "s", one.Event.ID, 1, one.Due, "again"))
			}
		case 3:
			if one, ok := pickOne(waiting); ok {
				delete(waiting, one.Event.ID)
				dead[one.Event.ID] = one
				d.must(d.Bury(d.ctx, "s", one.Event.ID, "no", d.clock))
			}
		case 4:
			if one, ok := pickOne(dead); ok {
				delete(dead, one.Event.ID)
				one.Due = d.clock
				waiting[one.Event.ID] = one
				_, err := d.Replay(d.ctx, "s", []string{one.Event.ID})
				d.must(err)
			}
		}
		found, err := d.Deliverable(d.ctx, "s", d.clock, 1+s.IntN(8))
		d.must(err)
		d.inOrder(found, waiting)
		for _, one := range found[:s.IntN(len(found)+1)] {
			delete(waiting, one.Event.ID)
			d.must(d.Ack(d.ctx, "s", []string{one.Event.ID}))
		}
	}
	rest, err := d.Deliverable(d.ctx, "s", d.clock.Add(time.Hour), 10_000)
	d.must(err)
	d.inOrder(rest, waiting)
	if len(rest) != len(waiting) {
		d.t.Errorf("%d are deliverable in an hour; want all %d that wait", len(rest), len(waiting))
	}
}

// inOrder wants no delivery before an earlier one of its key that waits.
func (d *desk) inOrder(found []core.Delivery, waiting map[string]core.Delivery) {
	d.t.Helper()
	before := map[string]bool{}
	for _, one := range found {
		for n := range one.Event.Seq {
			if earlier := id(one.Event.Entry.RecordID, n); waiting[earlier].Subscriber != "" && !before[earlier] {
				d.t.Fatalf("%s is deliverable before %s:\n%v", one.Event.ID, earlier, shorts(found))
			}
		}
		before[one.Event.ID] = true
	}
}

func deliveryWriters(d *desk) {
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for n := range int64(20) {
				if err := d.Enqueue(d.ctx, []core.Delivery{d.delivery("a", n+1), d.delivery("b", n+1)}); err != nil {
					d.t.Errorf("Enqueue: %v", err)
				}
			}
		})
	}
	group.Wait()
	backlog, err := d.Backlog(d.ctx)
	d.must(err)
	d.same("backlog", backlog, []core.Backlog{{Subscriber: "s", Waiting: 40, OldestDue: d.clock}})
}
