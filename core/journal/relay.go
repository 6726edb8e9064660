package journal

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// Store is where the relay finds entries and where it puts them.
type Store interface {
	// Pending returns entries that lie in records' own documents, those of one
	// record oldest first.
	Pending(ctx context.Context, limit int) ([]core.Entry, error)

	// Append writes entries to the journal. An entry that is there already,
	// by record and version, is left as it is.
	Append(ctx context.Context, entries []core.Entry) error

	// Settle takes exactly these entries out of the records' documents.
	Settle(ctx context.Context, entries []core.Entry) error
}

const (
	batch    = 500
	every    = time.Second // for what another instance committed and did not move before it died
	longWait = 30 * time.Second
)

// Relay moves entries. It may be killed at any point, and several of them may
// run on one database: appending twice is appending once, and what was not
// settled is moved again.
type Relay struct {
	Store Store
	Log   *slog.Logger

	once sync.Once
	wake chan struct{}
}

// Nudge tells the relay that something was committed. It never blocks.
func (r *Relay) Nudge() {
	select {
	case r.signal() <- struct{}{}:
	default: // it is awake, or will be
	}
}

func (r *Relay) signal() chan struct{} {
	r.once.Do(func() { r.wake = make(chan struct{}, 1) })
	return r.wake
}

// Run moves entries until ctx is done, whose error it returns. While the
// store fails it waits longer and longer, and logs the outage once.
func (r *Relay) Run(ctx context.Context) error {
	wait, failing := every, false
	for {
		switch err := r.Drain(ctx); {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			if failing {
				r.Log.InfoContext(ctx, "the journal is moved again")
			}
			wait, failing = every, false
		default:
			if !failing {
				r.Log.ErrorContext(ctx, "the journal cannot be moved; trying on, nothing is lost", "error", err)
			}
			wait, failing = min(2*wait, longWait), true
		}
		wake := r.signal()
		if failing {
			wake = nil // commits must not make a broken store busier
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-time.After(wait):
		}
	}
}

// Drain moves all that is pending and returns.
func (r *Relay) Drain(ctx context.Context) error {
	for {
		entries, err := r.Store.Pending(ctx, batch)
		if err != nil {
			return fmt.Errorf("find pending entries: %w", err)
		}
		if len(entries) == 0 {
			return nil
		}
		if err := r.Store.Append(ctx, entries); err != nil {
			return fmt.Errorf("append %d entries to the journal: %w", len(entries), err)
		}
		if err := r.Store.Settle(ctx, entries); err != nil {
			return fmt.Errorf("settle %d entries: %w", len(entries), err)
		}
	}
}
