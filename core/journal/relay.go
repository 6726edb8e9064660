package journal

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

const (
	batch      = 200
	firstPause = 100 * time.Millisecond
	lastPause  = 15 * time.Second
)

// Store is what the relay asks of a store. Every step can be repeated, so
// that a relay that died between two of them leaves neither gap nor double.
type Store interface {
	// Pending returns at most limit entries that were not settled yet, those
	// of one record from the oldest to the latest.
	Pending(ctx context.Context, limit int) ([]core.Entry, error)

	// Append writes entries to the journal. One that is there already, by
	// record and version, stays as it is.
	Append(ctx context.Context, entries []core.Entry) error

	// Settle removes exactly these entries from where they are pending.
	Settle(ctx context.Context, entries []core.Entry) error
}

// Relay moves pending entries to the journal. Any number of relays, also of
// several processes, may work on one store.
type Relay struct {
	Store Store
	Log   *slog.Logger  // told once when an outage begins and once when it ends
	Every time.Duration // how often it looks by itself, for entries that another process or an earlier life left; 5 seconds when zero

	once sync.Once
	bell chan struct{}
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
	var outage time.Time
	pause := firstPause
	for {
		err := r.Drain(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if outage.IsZero() {
				outage = time.Now()
				r.Log.Warn("The journal stands still until the store answers; nothing is lost.", "error", err)
			}
			// A nudge does not shorten the pause: writes that are let through
			// while the journal is not must not become a storm.
			if !wait(ctx, pause, nil) {
				return
			}
			pause = min(2*pause, lastPause)
		default:
			if !outage.IsZero() {
				r.Log.Info("The journal goes on.", "after", time.Since(outage).Round(time.Millisecond))
			}
			outage, pause = time.Time{}, firstPause
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

// Drain moves all that is pending now and returns.
func (r *Relay) Drain(ctx context.Context) error {
	for {
		entries, err := r.Store.Pending(ctx, batch)
		if err != nil || len(entries) == 0 {
			return fault("read what is pending", err)
		}
		if err := r.Store.Append(ctx, entries); err != nil {
			return fault("write the journal", err)
		}
		// Only now: an entry that is in both places is read once, one that
		// were in neither would be lost.
		if err := r.Store.Settle(ctx, entries); err != nil {
			return fault("settle what was written", err)
		}
		if len(entries) < batch {
			return nil
		}
	}
}

func fault(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
