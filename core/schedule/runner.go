package schedule

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

const (
	defaultEvery = 15 * time.Second
	firstPause   = time.Second
	lastPause    = 30 * time.Second
)

// Runner runs jobs and fires timers when they are due. Each instance has one;
// they share the work over the store.
type Runner struct {
	Store   Store
	Holder  string                      // of leases; differs for each process
	Jobs    func(context.Context) []Job // that there are now
	Plugins func() []string             // whose timers fire now

	// RunJob does what a job does. The context ends when the job is canceled,
	// or when this instance can no longer be sure that no other one runs it.
	// report may be called at any time, from any goroutine. An error of code
	// Unavailable means that the job could not be done at all: it is tried
	// again, as the same run. Any other error ends the run.
	RunJob func(ctx context.Context, r core.JobRun, report func(core.Progress)) error

	// FireTimer tells a plugin that its timer is due; the timers of a plugin
	// wait for each other, so it must have a deadline. An error of code
	// Unavailable means that the plugin is down: all its timers wait. Any
	// other error lets the timer come again later.
	FireTimer func(ctx context.Context, t core.Timer) error

	// Services are those that there are on this instance now; nil for none. RunService
	// runs one until its context ends: when the plugin or this instance stops, or when
	// it can no longer be sure that no other instance runs it. An end before that is
	// held against the service, whatever the error, but for context.Canceled.
	Services   func() []Service
	RunService func(ctx context.Context, s Service) error

	Now   func() time.Time
	Log   *slog.Logger
	Every time.Duration // how often it looks by itself, for what other processes have scheduled or left; 15 seconds when zero

	once  sync.Once
	bell  chan struct{}
	tasks tasks
	group sync.WaitGroup
}

// Wake makes a running runner look at once: something was scheduled that may
// be due before it would look. It does not block and may be called often.
func (r *Runner) Wake() {
	select {
	case r.ring() <- struct{}{}:
	default: // it will look anyway
	}
}

func (r *Runner) ring() chan struct{} {
	r.once.Do(func() { r.bell = make(chan struct{}, 1) })
	return r.bell
}

// Run runs what is due until ctx is done, and returns when all that it has
// begun has ended. It may be killed at any point: what was under way begins
// again, here or in another instance. Every runner runs once.
func (r *Runner) Run(ctx context.Context) {
	defer r.group.Wait()
	r.group.Go(func() { r.serve(ctx) })
	var outage time.Time
	pause := firstPause
	for {
		next, err := r.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if outage.IsZero() {
				outage = r.Now()
				r.Log.Warn("No job or timer begins until the store answers; none is lost.", "error", err)
			}
			if !wait(ctx, pause, nil) {
				return
			}
			pause = min(2*pause, lastPause)
		default:
			if !outage.IsZero() {
				r.Log.Info("Jobs and timers go on.", "after", r.Now().Sub(outage).Round(time.Millisecond))
			}
			outage, pause = time.Time{}, firstPause
			if !wait(ctx, next.Sub(r.Now()), r.ring()) {
				return
			}
		}
	}
}

// look begins what is due and says when to look again.
func (r *Runner) look(ctx context.Context) (time.Time, error) {
	now := r.Now()
	next := now.Add(r.every())
	begin := func(name string, due time.Time, do func(context.Context) error) {
		if again := r.begin(ctx, name, now, due, do); !again.IsZero() && again.Before(next) {
			next = again
		}
	}
	runs, err := r.Store.JobRuns(ctx)
	if err != nil {
		return next, fmt.Errorf("look for jobs: %w", err)
	}
	for _, job := range r.Jobs(ctx) {
		if due := job.due(runs, now); !due.IsZero() {
			begin(job.lease(), due, func(ctx context.Context) error { return r.runDue(ctx, job) })
		}
	}
	for _, plugin := range r.Plugins() {
		timers, err := r.Store.DueTimers(ctx, plugin, next, 1)
		if err != nil {
			return next, fmt.Errorf("look for timers of %s: %w", plugin, err)
		}
		if len(timers) > 0 {
			begin("timers/"+plugin, timers[0].DueAt, func(ctx context.Context) error { return r.fireDue(ctx, plugin) })
		}
	}
	return next, nil
}

func (r *Runner) every() time.Duration {
	if r.Every > 0 {
		return r.Every
	}
	return defaultEvery
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
