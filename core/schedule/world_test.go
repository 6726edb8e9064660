package schedule_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/schedule"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/sdk/contract/cron"
)

// world is a store, on the clock of a bubble, and what its instances have done.
type world struct {
	t     *testing.T
	store *sqlite.Store
	jobs  []schedule.Job

	mu    sync.Mutex
	began time.Time
	done  []string // what was run and fired, with the time since the world began
	log   bytes.Buffer

	services []schedule.Service
	serve    serveFunc // nil for one that goes on until its end

	run  runFunc // nil for one that succeeds at once
	fire fireFunc
}

type (
	runFunc  func(ctx context.Context, w *world, r core.JobRun, report func(core.Progress)) error
	fireFunc func(ctx context.Context, w *world, t core.Timer) error
)

// behave says what jobs and timers do from now on.
func (w *world) behave(run runFunc, fire fireFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run, w.fire = run, fire
}

func (w *world) behavior() (runFunc, fireFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.run, w.fire
}

// inWorld runs a test in a bubble.
func inWorld(t *testing.T, test func(*testing.T, *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.OpenMemory()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		w := &world{t: t, store: s, began: time.Now()}
		test(t, w)
	})
}

// job adds a job of the plugin loyalty.
func (w *world) job(name, text string) {
	w.t.Helper()
	s, err := cron.Parse(text, "")
	if err != nil {
		w.t.Fatal(err)
	}
	w.jobs = append(w.jobs, schedule.Job{Plugin: "loyalty", Name: name, Schedule: s})
}

// has lets there be these jobs instead, while instances run.
func (w *world) has(jobs ...schedule.Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs = jobs
}

func (w *world) known() []schedule.Job {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.jobs
}

func (w *world) timer(key string, in time.Duration) {
	w.t.Helper()
	if err := w.store.Schedule(w.t.Context(), core.Timer{Plugin: "loyalty", Key: key, DueAt: time.Now().Add(in)}); err != nil {
		w.t.Fatal(err)
	}
}

// note says that something was done now.
func (w *world) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := time.Since(w.began).String()
	if minutes, whole := strings.CutSuffix(since, "m0s"); whole {
		since = minutes + "m"
	}
	w.done = append(w.done, since+" "+what)
}

// wantDone wants exactly this since the last time it was asked.
func (w *world) wantDone(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.taken()); diff != "" {
		w.t.Errorf("what was done: -want +got:\n%s", diff)
	}
}

// taken returns what was done since the last time it was asked.
func (w *world) taken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := w.done
	w.done = nil
	return done
}

func (w *world) wantRun(name string, outcome core.Outcome, message string) core.JobRun {
	w.t.Helper()
	runs, err := w.store.JobRuns(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range runs {
		if r.Job == name {
			if r.Outcome != outcome || r.Error != message {
				w.t.Errorf("the job %s is %s, %q; want %s, %q", name, r.Outcome, r.Error, outcome, message)
			}
			return r
		}
	}
	w.t.Errorf("nothing is known of the job %s", name)
	return core.JobRun{}
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *world) wantLogged(n int, message string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := strings.Count(w.log.String(), message); got != n {
		w.t.Errorf("the log says %d times %q; want %d:\n%s", got, message, n, &w.log)
	}
}

// instance is one runner with its own way to the store.
type instance struct {
	*schedule.Runner
	link *link
	stop func() // ends it in order
}

// start starts an instance, which ends with the test.
func (w *world) start(name string) *instance { return w.startSkewed(name, 0) }

// startSkewed starts one whose clock is so much fast.
func (w *world) startSkewed(name string, fast time.Duration) *instance {
	ctx, cancel := context.WithCancel(w.t.Context())
	i := &instance{link: &link{Store: w.store}}
	i.Runner = &schedule.Runner{
		Store: i.link, Holder: name, Now: func() time.Time { return time.Now().Add(fast) }, Log: slog.New(slog.NewTextHandler(w, nil)),
		Jobs:     func(context.Context) []schedule.Job { return w.known() },
		Plugins:  func() []string { return []string{"loyalty"} },
		Services: func() []schedule.Service { return w.services },
		RunService: func(ctx context.Context, s schedule.Service) error {
			w.note(name + " begins " + s.Name)
			defer w.note(name + " ends " + s.Name)
			if serve := w.serving(); serve != nil {
				return serve(ctx, name)
			}
			<-ctx.Done()
			return ctx.Err()
		},
		RunJob: func(ctx context.Context, r core.JobRun, report func(core.Progress)) error {
			w.note(name + " runs " + r.Job)
			if run, _ := w.behavior(); run != nil {
				return run(ctx, w, r, report)
			}
			return nil
		},
		FireTimer: func(ctx context.Context, t core.Timer) error {
			w.note(name + " fires " + t.Key)
			if _, fire := w.behavior(); fire != nil {
				return fire(ctx, w, t)
			}
			return nil
		},
	}
	ended := make(chan struct{})
	go func() { defer close(ended); i.Run(ctx) }()
	i.stop = func() { cancel(); <-ended }
	w.t.Cleanup(i.stop)
	synctest.Wait()
	return i
}

// kill ends an instance as a loss of power does: nothing of it reaches the
// store any more.
func (i *instance) kill() {
	i.link.cut(true)
	i.stop()
}

// link is a way to a store that can be cut.
type link struct {
	schedule.Store
	mu     sync.Mutex
	isCut  bool
	steps  int
	diesAt int // the step that has taken effect when the process dies; 0 for never
}

func (l *link) cut(is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = is
}

// dieAt lets the process die after so many more steps.
func (l *link) dieAt(steps int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.steps, l.diesAt = 0, steps
}

var errCut = &core.Error{Code: core.Unavailable, Message: "The database cannot be reached at the moment."}

var errDied = errors.New("the process died")

func (l *link) step(do func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		return errCut
	}
	err := do()
	if l.steps++; l.steps == l.diesAt {
		l.isCut = true
		return errDied
	}
	return err
}

func (l *link) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error) {
	err = l.step(func() error { held, err = l.Store.Acquire(ctx, name, holder, ttl); return err })
	return held, err
}

func (l *link) Release(ctx context.Context, name, holder string) error {
	return l.step(func() error { return l.Store.Release(ctx, name, holder) })
}

func (l *link) Holders(ctx context.Context, names []string) (holders map[string]string, err error) {
	err = l.step(func() error { holders, err = l.Store.Holders(ctx, names); return err })
	return holders, err
}

func (l *link) DueTimers(ctx context.Context, plugin string, now time.Time, limit int) (timers []core.Timer, err error) {
	err = l.step(func() error { timers, err = l.Store.DueTimers(ctx, plugin, now, limit); return err })
	return timers, err
}

func (l *link) DoneTimer(ctx context.Context, plugin, key string, rev int64) error {
	return l.step(func() error { return l.Store.DoneTimer(ctx, plugin, key, rev) })
}

func (l *link) PostponeTimer(ctx context.Context, plugin, key string, rev int64, due time.Time) error {
	return l.step(func() error { return l.Store.PostponeTimer(ctx, plugin, key, rev, due) })
}

func (l *link) SaveJobRun(ctx context.Context, r core.JobRun) error {
	return l.step(func() error { return l.Store.SaveJobRun(ctx, r) })
}

func (l *link) ReportJob(ctx context.Context, plugin, job string, p core.Progress) (canceling bool, err error) {
	err = l.step(func() error { canceling, err = l.Store.ReportJob(ctx, plugin, job, p); return err })
	return canceling, err
}

func (l *link) JobRuns(ctx context.Context) (runs []core.JobRun, err error) {
	err = l.step(func() error { runs, err = l.Store.JobRuns(ctx); return err })
	return runs, err
}

// pass lets time pass on the clock of the bubble, until all have done what
// there was to do.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func wantError(t *testing.T, err error, code core.Code, message string) {
	t.Helper()
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != code || ours.Message != message {
		t.Errorf("error is %v; want %s: %s", err, code, message)
	}
}
