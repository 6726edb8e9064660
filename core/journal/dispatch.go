package journal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// Dispatcher hands deliveries to their subscribers: at least once, and the
// events of one key in their order. Each process has one; for each subscriber
// one process at a time delivers, that which holds its lease. Nothing that
// writes records waits for it.
type Dispatcher struct {
	Queue  Queue
	Leases Leases
	Holder string // this process, among all that there are

	// Receivers are told of events on behalf of their kind of subscribers. What
	// waits for one of a kind that is not here is left to a process that knows it.
	Receivers map[core.SubscriberKind]Receiver

	Log    *slog.Logger // told when a subscriber's events stand still and go on, and of dead letters
	Limits Limits

	mu    sync.Mutex
	feeds map[string]*feed // by subscriber, while Run runs
	look  chan struct{}
	once  sync.Once
}

// Run delivers until ctx is done, which ends the calls of receivers too: what
// they had not answered comes again. It may be killed at any point.
func (d *Dispatcher) Run(ctx context.Context) {
	limits := d.Limits.orDefaults()
	var running sync.WaitGroup
	defer func() {
		running.Wait()
		d.mu.Lock()
		defer d.mu.Unlock()
		d.feeds = nil
	}()
	out := outage{first: limits.Every, last: longestPause}
	for {
		pause := limits.Every
		subscriptions, err := d.Queue.Subscriptions(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			var began bool
			if pause, began = out.goesOn(); began {
				d.Log.Warn("The subscriptions cannot be read; events are delivered to those that are known.", "error", err)
			}
		default:
			if after, was := out.ends(); was {
				d.Log.Info("The subscriptions can be read again.", "after", after)
			}
			d.tend(ctx, subscriptions, limits, &running)
		}
		if !wait(ctx, pause, d.bell()) {
			return
		}
	}
}

// tend sees to it that exactly these subscribers have a feed that runs, as far
// as their kind is known here.
func (d *Dispatcher) tend(ctx context.Context, subscriptions []core.Subscription, limits Limits, running *sync.WaitGroup) {
	d.mu.Lock()
	defer d.mu.Unlock()
	gone := d.feeds
	d.feeds = map[string]*feed{}
	for _, s := range subscriptions {
		if kind, _ := core.CutSubscriber(s.Subscriber); d.Receivers[kind] == nil {
			continue
		}
		f := gone[s.Subscriber]
		delete(gone, s.Subscriber)
		if f == nil {
			var feeding context.Context
			f = newFeed(d, s.Subscriber, limits)
			feeding, f.stop = context.WithCancel(ctx)
			running.Go(func() { f.run(feeding) })
		}
		d.feeds[s.Subscriber] = f
	}
	for _, f := range gone {
		f.stop()
	}
}

// Nudge tells a running dispatcher that something was enqueued. It does not
// block and costs next to nothing, however often it is called.
func (d *Dispatcher) Nudge() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.feeds {
		ring(f.work)
	}
}

// Wake tells a running dispatcher that a subscriber can be reached again, or
// for the first time, so that it need not wait until it tries by itself.
func (d *Dispatcher) Wake(subscriber string) {
	ring(d.bell())
	d.mu.Lock()
	defer d.mu.Unlock()
	if f := d.feeds[subscriber]; f != nil {
		ring(f.up)
		ring(f.work)
	}
}

// bell rings when there may be a new subscription.
func (d *Dispatcher) bell() chan struct{} {
	d.once.Do(func() { d.look = make(chan struct{}, 1) })
	return d.look
}

// ring rings a bell with a place for one; whoever hears it looks at all there is.
func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

const (
	longestPause = time.Minute     // between tries to reach a subscriber or the store
	leaving      = 5 * time.Second // to give a lease back at the end
)
