package identity_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/identity"
)

// book is a UseStore that can be slow and down.
type book struct {
	mu    sync.Mutex
	lines []string
	fails bool
	hangs chan struct{}
}

func (b *book) KeyUsed(ctx context.Context, id string, at time.Time) error {
	if b.hangs != nil {
		select {
		case <-b.hangs:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails {
		return errors.New("the database is down")
	}
	b.lines = append(b.lines, id+" "+at.Format(time.TimeOnly))
	return nil
}

func TestTheUseOfAKeyIsNotedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		u := identity.NewUses(b, time.Now, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go u.Run(ctx)
		for _, key := range []string{"a", "a", "b", "a"} {
			u.Note(key)
		}
		time.Sleep(59 * time.Second)
		u.Note("a")
		time.Sleep(time.Second)
		u.Note("a")
		synctest.Wait()
		b.fails = true
		time.Sleep(time.Minute)
		u.Note("a") // is forgotten
		synctest.Wait()
		b.fails = false
		time.Sleep(time.Minute)
		u.Note("a")
		synctest.Wait()
		want := []string{"a 00:00:00", "b 00:00:00", "a 00:01:00", "a 00:03:00"}
		if diff := cmp.Diff(want, b.lines); diff != "" {
			t.Errorf("what was noted (-want +got):\n%s", diff)
		}
	})
}

func TestNobodyWaitsForAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{hangs: make(chan struct{})}
		u := identity.NewUses(b, time.Now, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go u.Run(ctx)
		began := time.Now()
		for i := range 5_000 {
			u.Note(time.Duration(i).String())
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("noting took %v", took)
		}
		close(b.hangs)
		synctest.Wait()
		if n := len(b.lines); n < 1_000 || n > 1_001 {
			t.Errorf("%d uses were kept for the store, want as many as may wait", n)
		}
	})
}
