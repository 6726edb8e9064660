package work

import (
	"context"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/snapshot"
)

// follow keeps the subscriptions as the plugins want them, and wakes what waits
// for a plugin that has come up. A plugin that is removed while this runs gets no
// more events; those of one that was not there from the start are kept, since its
// folder may only be late.
func (w *Work) follow(ctx context.Context) {
	f := follower{Work: w, subscribed: map[string][]string{}, up: map[string]bool{}, told: unmet{}}
	for {
		changed := w.Plugins.Changed()
		now := w.current()
		if w.Plugins.Settled() {
			f.told.tell(now, w.log)
		}
		subscribed := f.subscribe(ctx, now.Contributions)
		followed := f.followStates(ctx)
		var again <-chan time.Time
		if !subscribed || !followed {
			again = time.After(time.Second)
		}
		select {
		case <-changed:
		case <-again:
		case <-ctx.Done():
			return
		}
	}
}

// follower remembers what it has seen.
type follower struct {
	*Work
	subscribed map[string][]string // topics by plugin
	up         map[string]bool
	told       unmet
}

// subscribe stores the subscriptions that are new or have changed. It returns
// false when it has to be done again.
func (f follower) subscribe(ctx context.Context, contributions []snapshot.Contribution) (done bool) {
	done = true
	for _, c := range contributions {
		if known, ok := f.subscribed[c.Plugin]; ok && slices.Equal(known, c.Topics) || c.Retired {
			continue
		}
		if err := f.keep(ctx, c); err != nil {
			done = false
			f.log.Warn("a subscription cannot be stored; trying on", "plugin", c.Plugin, "error", err)
			continue
		}
		f.subscribed[c.Plugin] = c.Topics
	}
	return done
}

func (f follower) keep(ctx context.Context, c snapshot.Contribution) error {
	if len(c.Topics) == 0 {
		return f.store.Unsubscribe(ctx, c.Plugin)
	}
	err := f.store.Subscribe(ctx, core.Subscription{Subscriber: c.Plugin, Topics: c.Topics})
	if err == nil {
		f.log.Info("plugin is told of events", "plugin", c.Plugin, "topics", c.Topics)
	}
	return err
}

// followStates wakes what waits for plugins that have come up, and ends the
// subscriptions of those that were removed. It returns false when that has to be
// done again.
func (f follower) followStates(ctx context.Context) (done bool) {
	done = true
	for _, p := range f.Plugins.Plugins() {
		if answers(p) && !f.up[p.Name] {
			f.dispatcher.Wake(p.Name)
			f.runner.Wake()
		}
		f.up[p.Name] = answers(p)
		if _, known := f.subscribed[p.Name]; !known || p.State != pluginhost.Removed {
			continue
		}
		if err := f.store.Unsubscribe(ctx, p.Name); err != nil {
			done = false
			f.log.Warn("the subscription of a plugin that was removed cannot be ended; trying on", "plugin", p.Name, "error", err)
			continue
		}
		delete(f.subscribed, p.Name)
	}
	return done
}
