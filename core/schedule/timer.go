package schedule

import (
	"context"
	"time"

	"github.com/openxrm/xrm/core"
)

// Timers are read in batches, because a database may sort all that is due for
// each. What was canceled or moved in the meantime must not fire for long.
const (
	batch    = 100
	freshFor = time.Second
)

// fireDue fires what is due of a plugin, the longest due first.
func (r *Runner) fireDue(ctx context.Context, plugin string) error {
	for {
		read := r.Now()
		due, err := r.Store.DueTimers(ctx, plugin, read, batch)
		if err != nil || len(due) == 0 {
			return err
		}
		for i, t := range due {
			if i > 0 && r.Now().Sub(read) > freshFor {
				break
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := r.fire(ctx, t); err != nil {
				return err
			}
		}
	}
}

// fire returns an error when the plugin cannot be told anything now.
func (r *Runner) fire(ctx context.Context, t core.Timer) error {
	err := r.FireTimer(ctx, t)
	switch {
	case err == nil:
		return r.Store.DoneTimer(context.WithoutCancel(ctx), t.Plugin, t.Key, t.Rev)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case core.CodeOf(err) == core.Unavailable:
		return err
	}
	pause := retryAfter(t.Attempts)
	r.Log.Warn("A timer failed; it fires again.", "plugin", t.Plugin, "timer", t.Key, "attempt", t.Attempts+1, "after", pause, "error", err)
	return r.Store.PostponeTimer(ctx, t.Plugin, t.Key, t.Rev, r.Now().Add(pause))
}

// retryAfter is how long a timer waits that has failed before: a second, then
// twice as long each time, up to ten minutes.
func retryAfter(attempts int) time.Duration {
	return min(time.Second<<min(attempts, 10), 10*time.Minute)
}
