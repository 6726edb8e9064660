package identity

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// UseStore keeps when a key was used last.
type UseStore interface {
	// KeyUsed notes it unless a later time is noted already.
	KeyUsed(ctx context.Context, id string, at time.Time) error
}

const (
	useEvery   = time.Minute      // a key is noted no more often
	useTimeout = 10 * time.Second // of one write
	maxUses    = 1_000            // that wait for the store
)

// Uses notes when keys are used, beside the requests that use them: no request
// waits for it or fails by it. When it cannot keep up, or the store is down, a use
// is forgotten. Safe for concurrent use.
type Uses struct {
	store   UseStore
	now     func() time.Time
	log     *slog.Logger
	waiting chan use

	mu    sync.Mutex
	noted map[string]time.Time // by the id of the key
}

type use struct {
	key string
	at  time.Time
}

// NewUses notes nothing before it runs.
func NewUses(s UseStore, now func() time.Time, log *slog.Logger) *Uses {
	return &Uses{store: s, now: now, log: log, waiting: make(chan use, maxUses), noted: map[string]time.Time{}}
}

// Note says that a key is used now. It never waits.
func (u *Uses) Note(key string) {
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	if at, known := u.noted[key]; known && now.Sub(at) < useEvery {
		return
	}
	if len(u.noted) >= maxCached {
		clear(u.noted)
	}
	select {
	case u.waiting <- use{key, now}:
		u.noted[key] = now
	default: // the next request with the key tries again
	}
}

// Run writes what is noted, until ctx ends.
func (u *Uses) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case one := <-u.waiting:
			u.write(ctx, one)
		}
	}
}

func (u *Uses) write(ctx context.Context, one use) {
	bounded, cancel := context.WithTimeout(ctx, useTimeout)
	defer cancel()
	if err := u.store.KeyUsed(bounded, one.key, one.at.UTC().Truncate(time.Millisecond)); err != nil {
		u.log.DebugContext(ctx, "the use of a key was not noted", "key", one.key, "error", err)
	}
}
