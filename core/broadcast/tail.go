package broadcast

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// Store is what all instances share. core/sqlite and core/mongo implement it; what it
// promises is tested by core/storetest.
type Store interface {
	Broadcast(ctx context.Context, b core.Broadcast) error
	BroadcastsAfter(ctx context.Context, position int64, limit int) ([]core.Broadcast, error)
	LastBroadcast(ctx context.Context) (int64, error)
}

const (
	defaultEvery = 200 * time.Millisecond
	atOnce       = 500
)

// Tail hears what is broadcast, for one instance. Its methods are safe for concurrent use.
type Tail struct {
	Store Store
	Log   *slog.Logger
	Every time.Duration // how often it looks for what other instances broadcast; 200 ms when zero

	// Hear takes what was broadcast, in its order. missed says that something before it
	// cannot be told any more. It must not block. Set before anything else is called.
	Hear func(list []core.Broadcast, missed bool)

	mu        sync.Mutex
	listening int
	stop      context.CancelFunc // of who looks while anybody listens
	bell      chan struct{}
}

// Broadcast tells something to all who listen to its topic, on whatever instance.
func (t *Tail) Broadcast(ctx context.Context, b core.Broadcast) error {
	err := t.Store.Broadcast(ctx, b)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil && t.listening > 0 {
		select {
		case t.bell <- struct{}{}:
		default: // it will look anyway
		}
	}
	return err
}

// Listen lets Hear be told of everything that is broadcast from now on, until done is
// called, which must follow unless there is an error.
func (t *Tail) Listen(ctx context.Context) (done func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listening == 0 {
		last, err := t.Store.LastBroadcast(ctx)
		if err != nil {
			return nil, err
		}
		t.bell = make(chan struct{}, 1)
		looking, stop := context.WithCancel(context.Background())
		t.stop = stop
		go t.look(looking, last, t.bell)
	}
	t.listening++
	return sync.OnceFunc(t.leave), nil
}

func (t *Tail) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listening--; t.listening == 0 {
		t.stop()
	}
}

// look reads on from a position until nobody listens.
func (t *Tail) look(ctx context.Context, position int64, bell <-chan struct{}) {
	every := t.Every
	if every <= 0 {
		every = defaultEvery
	}
	next := time.NewTicker(every)
	defer next.Stop()
	down := false
	for {
		list, err := t.Store.BroadcastsAfter(ctx, position, atOnce)
		if ctx.Err() != nil {
			return
		}
		if down != (err != nil) {
			down = err != nil
			t.Log.Warn("Whether what other instances broadcast is heard has changed.", "heard", !down, "error", err)
		}
		if len(list) > 0 {
			t.Hear(list, list[0].Position != position+1)
			position = list[len(list)-1].Position
		}
		if len(list) == atOnce {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-bell:
		case <-next.C:
		}
	}
}
