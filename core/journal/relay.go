package journal

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

const (
	batch      = 200
	firstPause = 100 * time.Millisecond
	lastPause  = 15 * time.Second
)

// Relay moves pending entries to the journal, and enqueues them for those who
// have subscribed to them. Any number of relays, also of several processes,
// may work on one store.
type Relay struct {
	Store    Store
	Log      *slog.Logger  // told once when an outage begins and once when it ends
	Every    time.Duration // how often it looks by itself, for entries that another process or an earlier life left; 5 seconds when zero
	Enqueued func()        // told when there is something to deliver; nil for nobody

	once        sync.Once
	bell        chan struct{}
	subscribers subscribers
}

// Nudge tells a running relay that something was committed. It does not block
// and costs next to nothing, however often it is called.
func (r *Relay) Nudge() {
	select {
	case r.ring() <- struct{}{}:
	default: // it will look anyway
	}
}

func (r *Relay) ring() chan struct{} {
	r.once.Do(func() { r.bell = make(chan struct{}, 1) })
	return r.bell
}

// Run moves entries until ctx is done. While the store is unavailable it
// tries again after pauses that grow up to 15 seconds. It may be killed at
// any point.
func (r *Relay) Run(ctx context.Context) {
	every := r.Every
	if every <= 0 {
		every = 5 * time.Second
	}
	out := outage{first: firstPause, last: lastPause}
	for {
		err := r.Drain(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pause, began := out.goesOn()
			if began {
				r.Log.Warn("The journal stands still until the store answers; nothing is lost.", "error", err)
			}
			// A nudge does not shorten the pause: writes that are let through
			// while the journal is not must not become a storm.
			if !wait(ctx, pause, nil) {
				return
			}
		default:
			if after, was := out.ends(); was {
				r.Log.Info("The journal goes on.", "after", after)
			}
			if !wait(ctx, every, r.ring()) {
				return
			}
		}
	}
}

// wait says whether to go on.
func wait(ctx context.Context, d time.Duration, bell <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-bell:
	case <-timer.C:
	}
	return true
}

// Drain moves all that was pending when it began, however much is committed
// meanwhile.
func (r *Relay) Drain(ctx context.Context) error {
	moved := false
	for entries, err := range r.Store.Pending(ctx, batch) {
		if err != nil {
			return fault("read what is pending", err)
		}
		if err := r.move(ctx, entries); err != nil {
			return err
		}
		moved = true
	}
	if moved {
		return nil
	}
	return r.number(ctx)
}

func (r *Relay) move(ctx context.Context, entries []core.Entry) error {
	if err := r.enqueue(ctx, entries); err != nil {
		return err
	}
	// Now that it is known what is pending: of these records nothing earlier can
	// turn up in the journal any more.
	if err := r.number(ctx); err != nil {
		return err
	}
	if err := r.Store.Append(ctx, entries); err != nil {
		return fault("write the journal", err)
	}
	// Only now: an entry that is in both places is read once, one that
	// were in neither would be lost.
	return fault("settle what was written", r.Store.Settle(ctx, entries))
}

// Forget takes what says something about a person out of the history of these
// records of one entity, and out of their events that are still to be delivered. All that is
// pending is moved first: where an entry is already, a relay that has read it before
// does not write it once more.
func (r *Relay) Forget(ctx context.Context, e *schema.Entity, ids []string) error {
	if err := r.Drain(ctx); err != nil {
		return err
	}
	return fault("forget the history of "+e.Plural, r.Store.Forget(ctx, e, ids))
}

// enqueue makes a delivery for each subscriber that wants an entry, before
// the entry is appended: so none is lost, wherever a relay dies. One that is
// not missing any more was enqueued before, and may have been delivered and
// acknowledged since. What was enqueued but not appended yet when a relay died,
// or when another one looked, is enqueued again, and delivered again if it was
// acknowledged in between: delivery is at least once.
func (r *Relay) enqueue(ctx context.Context, entries []core.Entry) error {
	subscriptions, err := r.subscribers.all(ctx, r.Store)
	if err != nil {
		return fault("read the subscriptions", err)
	}
	wanted := slices.DeleteFunc(slices.Clone(entries), func(e core.Entry) bool { return len(Deliveries(subscriptions, e.Event())) == 0 })
	if len(wanted) == 0 {
		return nil
	}
	missing, err := r.Store.Missing(ctx, wanted)
	if err != nil {
		return fault("see what the journal has", err)
	}
	var due []core.Delivery
	for _, e := range missing {
		due = append(due, Deliveries(subscriptions, e.Event())...)
	}
	if err := r.Store.Enqueue(ctx, due); err != nil {
		return fault("enqueue what has subscribers", err)
	}
	if r.Enqueued != nil {
		r.Enqueued()
	}
	return nil
}

// number gives the entries from before their positions, which takes a while
// once in the life of a database.
func (r *Relay) number(ctx context.Context) error {
	start := time.Now()
	n, err := r.Store.Number(ctx)
	if n > 0 && r.Log != nil {
		r.Log.Info("Entries of the journal that had no position have one now.", "entries", n, "after", time.Since(start).Round(time.Millisecond))
	}
	return fault("number the journal", err)
}

func fault(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
