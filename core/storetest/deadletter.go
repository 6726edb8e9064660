package storetest

import (
	"time"

	"github.com/openxrm/xrm/core"
)

func deadLetterTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a dead letter lets the later ones of its key go on": deadGoesOn,
		"dead letters are listed in pages":                   deadPages,
		"a replayed one is delivered as if it were new":      deadReplayed,
		"a replayed one does not overtake one that waits":    deadReplayedBehind,
		"a discarded one is gone":                            deadDiscarded,
		"the backlog counts the waiting and the dead":        deadCounted,
	}
}

func (d *desk) bury(key string, n int64) {
	d.t.Helper()
	d.must(d.Bury(d.ctx, "s", id(key, n), "It makes no sense.", d.now()))
}

func (d *desk) deadLetters(after core.Delivery, limit int) []core.Delivery {
	d.t.Helper()
	found, err := d.DeadLetters(d.ctx, "s", after, limit)
	d.must(err)
	return found
}

func deadGoesOn(d *desk) {
	d.enqueue(d.delivery("a", 1), d.delivery("a", 2))
	want := d.delivery("a", 1)
	d.must(d.Postpone(d.ctx, "s", id("a", 1), 1, want.Due, "again"))
	d.bury("a", 1)
	d.same("deliverable", d.deliverable(d.clock, 10), []string{"a2"})
	want.Attempts, want.LastError, want.DeadAt = 2, "It makes no sense.", d.clock
	d.same("dead letters", d.deadLetters(core.Delivery{}, 10), []core.Delivery{want})
}

func deadPages(d *desk) {
	d.enqueue(d.delivery("a", 1), d.delivery("b", 1), d.delivery("c", 1), d.delivery("d", 1))
	early, late := d.now(), d.now()
	for key, at := range map[string]time.Time{"c": early, "a": late, "b": late, "d": d.now()} {
		d.must(d.Bury(d.ctx, "s", id(key, 1), "no", at))
	}
	first := d.deadLetters(core.Delivery{}, 2)
	d.same("first page", shorts(first), []string{"c1", "a1"})
	second := d.deadLetters(first[1], 10)
	d.same("second page", shorts(second), []string{"b1", "d1"})
	d.same("third page", d.deadLetters(second[1], 10), []core.Delivery{})
	others, err := d.DeadLetters(d.ctx, "other", core.Delivery{}, 10)
	d.must(err)
	d.same("another subscriber's", others, []core.Delivery{})
}

func deadReplayed(d *desk) {
	d.enqueue(d.delivery("a", 1), d.delivery("a", 2), d.delivery("b", 1))
	d.bury("a", 1)
	d.bury("b", 1)
	n, err := d.Replay(d.ctx, "s", []string{id("a", 1), id("a", 2), id("z", 1)})
	d.must(err)
	if n != 1 {
		d.t.Errorf("Replay of one dead letter, one that waits and one that is not there says %d", n)
	}
	d.same("deliverable", d.deliverable(d.clock, 10), []string{"a1", "a2"})
	found, err := d.Deliverable(d.ctx, "s", d.clock, 1)
	d.must(err)
	if found[0].Attempts != 0 || !found[0].DeadAt.IsZero() || found[0].LastError != "" {
		d.t.Errorf("the replayed one has %d attempts, is dead at %v and failed with %q; want none of it", found[0].Attempts, found[0].DeadAt, found[0].LastError)
	}
	d.same("dead letters", shorts(d.deadLetters(core.Delivery{}, 10)), []string{"b1"})
}

func deadReplayedBehind(d *desk) {
	d.enqueue(d.delivery("a", 1), d.delivery("a", 2), d.delivery("a", 3))
	d.bury("a", 2)
	due := d.clock.Add(time.Minute)
	d.must(d.Postpone(d.ctx, "s", id("a", 1), 1, due, "later"))
	_, err := d.Replay(d.ctx, "s", []string{id("a", 2)})
	d.must(err)
	d.same("deliverable", d.deliverable(d.clock, 10), []string{})
	d.same("deliverable when due", d.deliverable(due, 10), []string{"a1", "a2", "a3"})
}

func deadDiscarded(d *desk) {
	d.enqueue(d.delivery("a", 1), d.delivery("b", 1))
	d.bury("a", 1)
	for _, want := range []int{1, 0} {
		n, err := d.Discard(d.ctx, "s", []string{id("a", 1), id("b", 1)})
		if err != nil || n != want {
			d.t.Errorf("Discard says %d, %v; want %d", n, err, want)
		}
	}
	d.same("dead letters", d.deadLetters(core.Delivery{}, 10), []core.Delivery{})
	d.same("deliverable", d.deliverable(d.clock, 10), []string{"b1"})
}

func deadCounted(d *desk) {
	start := d.clock
	other := d.delivery("c", 1)
	other.Subscriber = "other"
	d.enqueue(d.delivery("a", 1), d.delivery("b", 1), other)
	d.now()
	d.enqueue(d.delivery("b", 2))
	d.bury("a", 1)
	d.must(d.Bury(d.ctx, "other", id("c", 1), "no", d.clock))
	d.must(d.Postpone(d.ctx, "s", id("b", 1), 1, start, "The ERP is down."))
	backlog, err := d.Backlog(d.ctx)
	d.must(err)
	d.same("backlog", backlog, []core.Backlog{{Subscriber: "other", Dead: 1}, {Subscriber: "s", Waiting: 2, Dead: 1, OldestDue: start, LastError: "The ERP is down."}})
}
