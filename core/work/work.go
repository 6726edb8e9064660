package work

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/schedule"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/sdk/contract/cron"
)

// Store is what the work of all instances is shared by.
type Store interface {
	journal.Outbox
	journal.Queue
	journal.Desk
	schedule.Store
}

// Plugins is how work reaches the plugins; *pluginhost.Host is one.
type Plugins interface {
	Plugins() []pluginhost.Status
	Changed() <-chan struct{}
	Settled() bool

	Deliver(ctx context.Context, on record.Basis, plugin string, events []core.Event) ([]core.Receipt, error)
	RunJob(ctx context.Context, on record.Basis, plugin, job, runID string, planned time.Time, report func(done, total int64, note string)) error
	FireTimer(ctx context.Context, on record.Basis, t core.Timer) error
	RunService(ctx context.Context, now func() (on record.Basis, sure bool), plugin, service string) error
}

var _ Plugins = (*pluginhost.Host)(nil)

// Work is what one instance does of it. Make one with New.
type Work struct {
	Publisher *journal.Publisher // of what plugins publish themselves
	Plugins   Plugins            // set before anything but New is called

	// Own does what timers of the core's own are for, by the name that they have in
	// the place of a plugin. Set before Run is called.
	Own map[string]func(ctx context.Context, on record.Basis, t core.Timer) error

	// Jobs are the core's own, which it does once. Set before Run is called.
	Jobs []Job

	// Services are the core's own, each of which one instance runs. Set before Run is
	// called.
	Services []Service

	store   Store
	current func() *snapshot.Snapshot
	log     *slog.Logger

	dispatcher *journal.Dispatcher
	runner     *schedule.Runner
}

// Job is something that the core itself has to do once. It runs as the jobs of plugins
// do: on one instance, until it is canceled, and again where it was when it was cut off.
type Job struct {
	Owner, Name string // as of a plugin and its job, but that no plugin can have the name

	// Due says for what there is something to do on a basis; "" for nothing.
	Due func(ctx context.Context, on record.Basis) (what string, err error)

	Do func(ctx context.Context, on record.Basis, report func(core.Progress)) error
}

// Service is something that the core itself does for as long as it runs, on one instance
// at a time.
type Service struct {
	Owner, Name string // as of a plugin and its service, but that no plugin can have the name

	// Run returns when ctx ends. now is what reads and writes are decided by, and
	// whether this instance still has the lease.
	Run func(ctx context.Context, now func() (on record.Basis, sure bool)) error
}

// New makes the work of an instance, which Run begins. current returns the
// snapshot of the moment: each batch of events, run and timer keeps the one that
// it started with.
func New(s Store, current func() *snapshot.Snapshot, newID func() string, log *slog.Logger) *Work {
	w := &Work{store: s, current: current, log: log}
	holder := instance()
	w.dispatcher = &journal.Dispatcher{
		Queue: s, Leases: s, Holder: holder, Log: log,
		Receivers: map[core.SubscriberKind]journal.Receiver{core.PluginSubscriber: journal.ReceiverFunc(w.deliver)},
	}
	w.Publisher = &journal.Publisher{Store: s, NewID: newID, Enqueued: w.dispatcher.Nudge}
	w.runner = &schedule.Runner{
		Store: s, Holder: holder, Jobs: w.jobs, Plugins: w.withTimers, RunJob: w.runJob, FireTimer: w.fireTimer,
		Services: w.services, RunService: w.runService, Now: time.Now, Log: log,
	}
	return w
}

// instance is a name that no other process has: administrators see it.
func instance() string {
	host, _ := os.Hostname() // what follows is enough
	return fmt.Sprintf("%s/%d/%.8s", host, os.Getpid(), uuid.NewString())
}

// Enqueued says that there may be something to deliver. It does not block.
func (w *Work) Enqueued() { w.dispatcher.Nudge() }

// Run returns when ctx is done and all has ended.
func (w *Work) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { w.dispatcher.Run(ctx) })
	running.Go(func() { w.runner.Run(ctx) })
	running.Go(func() { w.follow(ctx) })
	running.Wait()
}

func (w *Work) deliver(ctx context.Context, plugin string, events []core.Event) ([]core.Receipt, error) {
	return w.Plugins.Deliver(ctx, w.current().Basis, plugin, events)
}

// jobs are those of the core that have something to do, and those of the plugins that
// run. Their schedules were checked when the plugins were admitted.
func (w *Work) jobs(ctx context.Context) []schedule.Job {
	var all []schedule.Job
	for _, own := range w.Jobs {
		// When that cannot be read, it is found at the next look.
		if what, err := own.Due(ctx, w.current().Basis); err == nil && what != "" {
			all = append(all, schedule.Job{Plugin: own.Owner, Name: own.Name, Once: what})
		}
	}
	for _, c := range w.serving() {
		for _, j := range c.Jobs {
			if s, err := cron.Parse(j.Schedule, j.TimeZone); err == nil {
				all = append(all, schedule.Job{Plugin: c.Plugin, Name: j.Name, Schedule: s})
			}
		}
	}
	return all
}

func (w *Work) services() []schedule.Service {
	return append(servicesOf(w.serving()), w.ownServices()...)
}

func (w *Work) ownServices() (all []schedule.Service) {
	for _, own := range w.Services {
		all = append(all, schedule.Service{Plugin: own.Owner, Name: own.Name})
	}
	return all
}

func servicesOf(contributions []snapshot.Contribution) (all []schedule.Service) {
	for _, c := range contributions {
		for _, name := range c.Services {
			all = append(all, schedule.Service{Plugin: c.Plugin, Name: name})
		}
	}
	return all
}

func (w *Work) runService(ctx context.Context, s schedule.Service) error {
	now := func() (on record.Basis, sure bool) { return w.current().Basis, schedule.Sure(ctx) }
	for _, own := range w.Services {
		if own.Owner == s.Plugin && own.Name == s.Name {
			return own.Run(ctx, now)
		}
	}
	return w.Plugins.RunService(ctx, now, s.Plugin, s.Name)
}

func (w *Work) withTimers() []string {
	names := slices.Collect(maps.Keys(w.Own))
	for _, c := range w.serving() {
		if len(c.Timers) > 0 {
			names = append(names, c.Plugin)
		}
	}
	return names
}

// serving lists what the plugins contribute that answer at the moment.
func (w *Work) serving() (list []snapshot.Contribution) {
	now := w.current()
	for _, p := range w.Plugins.Plugins() {
		if c, found := now.Find(p.Name); found && answers(p) {
			list = append(list, c)
		}
	}
	return list
}

func answers(p pluginhost.Status) bool {
	return p.State == pluginhost.Serving || p.State == pluginhost.Degraded
}

func (w *Work) runJob(ctx context.Context, r core.JobRun, report func(core.Progress)) error {
	for _, own := range w.Jobs {
		if own.Owner == r.Plugin && own.Name == r.Job {
			return own.Do(ctx, w.current().Basis, report)
		}
	}
	return w.Plugins.RunJob(ctx, w.current().Basis, r.Plugin, r.Job, r.ID(), r.Planned, func(done, total int64, note string) {
		report(core.Progress{Done: done, Total: total, Note: note})
	})
}

// ownTime is how long one thing of the core's own may take before it is begun
// again: what has been done of it stays done.
const ownTime = 10 * time.Minute

func (w *Work) fireTimer(ctx context.Context, t core.Timer) error {
	if do := w.Own[t.Plugin]; do != nil {
		ctx, cancel := context.WithTimeout(ctx, ownTime)
		defer cancel()
		return do(ctx, w.current().Basis, t)
	}
	return w.Plugins.FireTimer(ctx, w.current().Basis, t)
}
