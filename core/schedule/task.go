package schedule

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// tasks are what this process does, by the names of their leases.
type tasks struct {
	mu     sync.Mutex
	busy   map[string]bool
	pauses map[string]*pause
}

// pause is how long a task waits that could not be done.
type pause struct {
	growing *backoff.ExponentialBackOff
	until   time.Time
}

// begin does something that is due, in the background, unless it is being done
// or must wait. It says when it is worth to look again; the zero time when
// that will be said by the bell.
func (r *Runner) begin(ctx context.Context, name string, now, due time.Time, do func(context.Context) error) time.Time {
	return r.beginUnder(ctx, taskTerms, name, now, due, do)
}

func (r *Runner) beginUnder(ctx context.Context, on terms, name string, now, due time.Time, do func(context.Context) error) time.Time {
	if until := r.tasks.pausedUntil(name); until.After(due) {
		due = until
	}
	if due.After(now) {
		return due
	}
	if !r.tasks.claim(name) {
		return time.Time{}
	}
	r.group.Go(func() {
		held, err := r.holding(ctx, on, name, do)
		if ctx.Err() == nil && (held || err != nil) { // else another instance is at it, which says nothing about this one
			r.settle(name, err)
		}
		r.tasks.free(name)
		if held || err != nil {
			r.Wake()
		}
	})
	return time.Time{}
}

// settle lets a task that could not be done wait, longer each time. It is
// logged once when that begins and once when it ends.
func (r *Runner) settle(name string, err error) {
	r.tasks.mu.Lock()
	defer r.tasks.mu.Unlock()
	p := r.tasks.pauses[name]
	switch {
	case errors.Is(err, errOver):
		return
	case err == nil && p != nil:
		delete(r.tasks.pauses, name)
		r.Log.Info("What was due is done again.", "task", name)
		return
	case err == nil:
		return
	case p == nil:
		p = &pause{growing: backoff.NewExponentialBackOff()}
		p.growing.InitialInterval, p.growing.MaxInterval = firstPause, lastPause
		p.growing.Multiplier, p.growing.RandomizationFactor = 2, 0.2
		p.growing.Reset()
		if r.tasks.pauses == nil {
			r.tasks.pauses = map[string]*pause{}
		}
		r.tasks.pauses[name] = p
		r.Log.Warn("What is due cannot be done now; it is tried again.", "task", name, "error", err)
	}
	p.until = r.Now().Add(p.growing.NextBackOff())
}

func (t *tasks) pausedUntil(name string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.pauses[name]; p != nil {
		return p.until
	}
	return time.Time{}
}

// claim says whether nothing in this process does the task; it must be freed
// then. The lease tells processes apart, not what one of them does twice.
func (t *tasks) claim(name string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[name] {
		return false
	}
	if t.busy == nil {
		t.busy = map[string]bool{}
	}
	t.busy[name] = true
	return true
}

func (t *tasks) free(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.busy, name)
}

// hurry takes a task's pause away.
func (t *tasks) hurry(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.pauses[name]; p != nil {
		p.until = time.Time{}
	}
}
