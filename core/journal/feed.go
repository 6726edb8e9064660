package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// feed delivers to one subscriber, as far as the process holds its lease.
type feed struct {
	*Dispatcher
	subscriber string
	name       string // of the subscriber among those of its kind
	to         Receiver
	limits     Limits // of which Events shrinks when batches fail
	most       int    // what Events grows back to
	stop       context.CancelFunc
	work, up   chan struct{} // bells: something was enqueued, the subscriber is up

	renewed   time.Time       // when the lease was taken or renewed; zero while it is not held
	suspected map[string]bool // ids of events that the subscriber has failed over, or not: they go alone
}

func newFeed(d *Dispatcher, subscriber string, limits Limits) *feed {
	kind, name := core.CutSubscriber(subscriber)
	return &feed{
		Dispatcher: d, subscriber: subscriber, name: name, to: d.Receivers[kind],
		limits: limits, most: limits.Events, suspected: map[string]bool{}, work: make(chan struct{}, 1), up: make(chan struct{}, 1),
	}
}

func (f *feed) run(ctx context.Context) {
	defer f.release(ctx)
	log := f.Log.With("subscriber", f.subscriber)
	out := outage{first: f.limits.Every, last: longestPause}
	for {
		delivered, err := f.round(ctx)
		held := !f.renewed.IsZero()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			pause, began := out.goesOn()
			if began {
				log.Warn("Events wait until they can be delivered; nothing is lost.", "error", err)
			}
			// Another process may have a subscriber that is up.
			f.release(ctx)
			if !wait(ctx, pause, f.up) {
				return
			}
		case held:
			if after, was := out.ends(); was {
				log.Info("Events are delivered again.", "after", after)
			}
			if !delivered && !wait(ctx, f.limits.Every, f.work) {
				return
			}
		default:
			if !wait(ctx, f.limits.Every, nil) {
				return
			}
		}
	}
}

// hold takes the lease or renews it, long before it ends: it outlives every
// batch that is begun while it is held.
func (f *feed) hold(ctx context.Context) (bool, error) {
	ttl := 3 * f.limits.Deadline
	if !f.renewed.IsZero() && time.Since(f.renewed) < f.limits.Deadline {
		return true, nil
	}
	asked := time.Now()
	held, err := f.Leases.Acquire(ctx, f.lease(), f.Holder, ttl)
	f.renewed = time.Time{}
	if held && err == nil {
		f.renewed = asked
	}
	return held, fault("take the lease", err)
}

func (f *feed) release(ctx context.Context) {
	if f.renewed.IsZero() {
		return
	}
	f.renewed = time.Time{}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaving)
	defer cancel()
	_ = f.Leases.Release(ctx, f.lease(), f.Holder) // otherwise it ends by itself
}

func (f *feed) lease() string { return "deliver/" + f.subscriber }

// round delivers what is due, up to a limit, and says whether that was
// anything. An error leaves what was not delivered for a later round.
func (f *feed) round(ctx context.Context) (delivered bool, err error) {
	if held, err := f.hold(ctx); !held || err != nil {
		return false, err
	}
	due, err := f.Queue.Deliverable(ctx, f.subscriber, time.Now(), f.limits.Events*f.limits.Parallel)
	if err != nil {
		return false, fault("read what is to be delivered", err)
	}
	for rest := due; len(rest) > 0; {
		if held, err := f.hold(ctx); !held || err != nil {
			return false, err
		}
		n := f.together(rest)
		done, err := f.deliver(ctx, rest[:n])
		if err != nil {
			return false, err
		}
		rest = behind(rest, n, done)
	}
	return len(due) > 0, nil
}

// together is how many of the first go in one step: one that has failed before,
// or is suspected, goes alone. Should it take the subscriber down, it was it.
func (f *feed) together(due []core.Delivery) int {
	for n, d := range due {
		if d.Attempts > 0 || f.suspected[d.Event.ID] {
			return max(1, n)
		}
	}
	return len(due)
}

// behind are those after the first n that may go now: not while one of the
// first n that is not done, or one of their own key, has to come before.
func behind(due []core.Delivery, n int, done map[string]bool) []core.Delivery {
	waits := map[string]bool{} // by key
	for _, d := range due[:n] {
		waits[d.Event.Key] = waits[d.Event.Key] || !done[d.Event.ID]
	}
	var rest []core.Delivery
	for _, d := range due[n:] {
		if !waits[d.Event.Key] {
			rest = append(rest, d)
		}
	}
	return rest
}

// deliver delivers in several batches at once and returns which of the events
// need not be delivered any more, by their ids.
func (f *feed) deliver(ctx context.Context, due []core.Delivery) (map[string]bool, error) {
	batches := f.limits.inBatches(due)
	came, ended, errs := make([]int, len(batches)), make([][]string, len(batches)), make([]error, len(batches))
	var running sync.WaitGroup
	for i, batch := range batches {
		running.Go(func() {
			receipts, err := f.hand(ctx, batch)
			if len(due) == 1 && len(receipts) == 0 && died(err) {
				receipts = []core.Receipt{{Verdict: core.Retry, Reason: err.Error()}}
			}
			came[i], errs[i] = len(receipts), err
			if ended[i], err = f.settle(context.WithoutCancel(ctx), batch[:len(receipts)], receipts); err != nil {
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	running.Wait()
	done := map[string]bool{}
	for i, batch := range batches {
		f.learn(batch, came[i], errs[i])
		for _, id := range ended[i] {
			done[id] = true
		}
	}
	return done, errors.Join(errs...)
}

// learn says from how far a batch came how the next ones are made.
func (f *feed) learn(batch []core.Delivery, came int, err error) {
	for _, d := range batch[:came] {
		delete(f.suspected, d.Event.ID)
	}
	switch {
	case err == nil:
		f.limits.Events = min(f.most, f.limits.Events+1)
	case died(err) && came < len(batch):
		f.suspected[batch[came].Event.ID] = true
		if came < len(batch)/2 {
			// Who answers only at the end has all of it again: a smaller batch loses
			// less to a subscriber that dies often, or is slow.
			f.limits.Events = max(1, f.limits.Events/2)
		}
	}
}

// hand hands one batch over, and returns the receipts that came.
func (f *feed) hand(ctx context.Context, batch []core.Delivery) ([]core.Receipt, error) {
	events := make([]core.Event, len(batch))
	for i, d := range batch {
		events[i] = d.Event
	}
	handing, cancel := context.WithTimeout(ctx, f.limits.Deadline)
	defer cancel()
	receipts, err := f.to.Receive(handing, f.name, events)
	switch {
	case len(receipts) > len(batch), len(receipts) < len(batch) && err == nil:
		return nil, fmt.Errorf("%w: it answered %d events with %d receipts", core.ErrDied, len(batch), len(receipts))
	case err != nil && ctx.Err() != nil:
		err = ctx.Err()
	case err != nil && handing.Err() != nil:
		err = fmt.Errorf("%w: no answer after %s: %w", core.ErrDied, f.limits.Deadline, err)
	}
	return receipts, err
}

func died(err error) bool { return errors.Is(err, core.ErrDied) }
