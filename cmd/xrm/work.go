package main

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/schedule"
	"github.com/openxrm/xrm/sdk/contract/cron"
)

// work is what plugins do although no request asks them to: they are told of
// events, run jobs and answer timers. All instances share it.
type work struct {
	api   *api
	store store
	log   *slog.Logger

	dispatcher *journal.Dispatcher
	publisher  *journal.Publisher
	runner     *schedule.Runner
}

func newWork(a *api, s store, relay *journal.Relay, log *slog.Logger) *work {
	w := &work{api: a, store: s, log: log}
	holder := uuid.NewString()
	w.dispatcher = &journal.Dispatcher{Queue: s, Leases: s, Holder: holder, Deliver: w.deliver, Log: log}
	relay.Enqueued = w.dispatcher.Nudge
	w.publisher = &journal.Publisher{Store: s, NewID: newID, Enqueued: w.dispatcher.Nudge}
	w.runner = &schedule.Runner{
		Store: s, Holder: holder, Jobs: w.jobs, Plugins: w.withTimers, RunJob: w.runJob, FireTimer: w.fireTimer, Now: time.Now, Log: log,
	}
	return w
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// run returns when ctx is done and all has ended.
func (w *work) run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { w.dispatcher.Run(ctx) })
	running.Go(func() { w.runner.Run(ctx) })
	running.Go(func() { w.follow(ctx) })
	running.Wait()
}

// follow keeps the subscriptions as the plugins want them, and wakes what waits
// for a plugin that has come up. A plugin that is removed while this runs gets no
// more events; those of one that was not there from the start are kept, since its
// folder may only be late.
func (w *work) follow(ctx context.Context) {
	subscribed, up := map[string][]string{}, map[string]bool{}
	told := unmet{}
	for {
		host := w.api.host.Load()
		contributions, changed := host.Contributions()
		if host.Settled() {
			told.tell(contributions, w.api.catalog.Model(), w.log)
		}
		failed := false
		for _, c := range contributions {
			if known, ok := subscribed[c.Plugin]; ok && slices.Equal(known, c.Topics) || c.Retired {
				continue
			}
			if err := w.subscribe(ctx, c); err != nil {
				failed = true
				w.log.Warn("a subscription cannot be stored; trying on", "plugin", c.Plugin, "error", err)
				continue
			}
			subscribed[c.Plugin] = c.Topics
		}
		for _, p := range host.Plugins() {
			if answers(p) && !up[p.Name] {
				w.dispatcher.Wake(p.Name)
				w.runner.Wake()
			}
			up[p.Name] = answers(p)
			if _, known := subscribed[p.Name]; !known || p.State != pluginhost.Removed {
				continue
			}
			if err := w.store.Unsubscribe(ctx, p.Name); err != nil {
				failed = true
				w.log.Warn("the subscription of a plugin that was removed cannot be ended; trying on", "plugin", p.Name, "error", err)
				continue
			}
			delete(subscribed, p.Name)
		}
		var again <-chan time.Time
		if failed {
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

func (w *work) subscribe(ctx context.Context, c pluginhost.Contribution) error {
	if len(c.Topics) == 0 {
		return w.store.Unsubscribe(ctx, c.Plugin)
	}
	err := w.store.Subscribe(ctx, core.Subscription{Subscriber: c.Plugin, Topics: c.Topics})
	if err == nil {
		w.log.Info("plugin is told of events", "plugin", c.Plugin, "topics", c.Topics)
	}
	return err
}

func (w *work) deliver(ctx context.Context, plugin string, events []core.Event) ([]core.Receipt, error) {
	return w.api.host.Load().Deliver(ctx, w.api.catalog.Model(), plugin, events)
}

// jobs are those of the plugins that run. Their schedules were checked when the
// plugins were accepted.
func (w *work) jobs() []schedule.Job {
	var all []schedule.Job
	for _, c := range w.serving() {
		for _, j := range c.Jobs {
			if s, err := cron.Parse(j.Schedule, j.TimeZone); err == nil {
				all = append(all, schedule.Job{Plugin: c.Plugin, Name: j.Name, Schedule: s})
			}
		}
	}
	return all
}

func (w *work) withTimers() []string {
	var names []string
	for _, c := range w.serving() {
		if len(c.Timers) > 0 {
			names = append(names, c.Plugin)
		}
	}
	return names
}

// serving lists what the plugins contribute that answer at the moment.
func (w *work) serving() []pluginhost.Contribution {
	host := w.api.host.Load()
	up := map[string]bool{}
	for _, p := range host.Plugins() {
		up[p.Name] = answers(p)
	}
	all, _ := host.Contributions()
	return slices.DeleteFunc(all, func(c pluginhost.Contribution) bool { return !up[c.Plugin] })
}

func answers(p pluginhost.Status) bool {
	return p.State == pluginhost.Serving || p.State == pluginhost.Degraded
}

func (w *work) runJob(ctx context.Context, r core.JobRun, report func(core.Progress)) error {
	return w.api.host.Load().RunJob(ctx, w.api.catalog.Model(), r.Plugin, r.Job, r.ID(), r.Planned, func(done, total int64, note string) {
		report(core.Progress{Done: done, Total: total, Note: note})
	})
}

func (w *work) fireTimer(ctx context.Context, t core.Timer) error {
	return w.api.host.Load().FireTimer(ctx, w.api.catalog.Model(), t)
}

// keeper wakes the runner when a timer is set that may be due soon.
type keeper struct {
	store
	runner *schedule.Runner
}

// Schedule implements pluginhost.Keeper.
func (k keeper) Schedule(ctx context.Context, t core.Timer) error {
	err := k.store.Schedule(ctx, t)
	k.runner.Wake()
	return err
}

// desk is where administrators ask about plugins.
type desk struct {
	store
	work *work
}

var _ graphql.PluginDesk = desk{}

// Plugins implements graphql.PluginDesk.
func (d desk) Plugins() []core.Plugin { return d.work.api.plugins() }

// RunJob implements graphql.PluginDesk.
func (d desk) RunJob(ctx context.Context, plugin, job string) error {
	return d.work.runner.RunNow(ctx, plugin, job)
}

// CancelJob implements graphql.PluginDesk.
func (d desk) CancelJob(ctx context.Context, plugin, job string) error {
	return d.work.runner.Cancel(ctx, plugin, job)
}

// Replay implements graphql.PluginDesk.
func (d desk) Replay(ctx context.Context, plugin string, events []string) (int, error) {
	n, err := d.store.Replay(ctx, plugin, events)
	d.work.dispatcher.Nudge()
	return n, err
}
