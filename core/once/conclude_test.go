package once_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/once"
)

// lossy is a store of which some answers to writes, counted from 1, do not arrive.
type lossy struct {
	once.Store
	puts    int
	away    map[int]bool // nothing was written
	unheard map[int]bool // it was
}

func (l *lossy) PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (int64, error) {
	l.puts++
	lost := &core.Error{Code: core.Unavailable, Message: "away"}
	if l.away[l.puts] {
		return 0, lost
	}
	version, err := l.Store.PutState(ctx, owner, key, value, ifVersion, expires)
	if l.unheard[l.puts] {
		return 0, lost
	}
	return version, err
}

func TestAnAnswerIsKeptThoughTheDatabaseIsAwayForAMoment(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		s := open(t)
		for name, l := range map[string]*lossy{
			"not written": {Store: s, away: map[int]bool{2: true, 3: true}},
			"not heard":   {Store: s, unheard: map[int]bool{2: true}},
		} {
			for range 2 {
				answer, err := desk(l).Do(t.Context(), anna, asking(name, "a"), func(context.Context, string) ([]byte, error) {
					return []byte("first"), nil
				})
				if err != nil || string(answer) != "first" {
					t.Errorf("%s: Do = %q, %v; want the answer", name, answer, err)
				}
			}
		}
	})
}

func TestWhoIsStalledGivesTheAnswerOfWhoHasGoneAhead(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		s := open(t)
		stalled := desk(s)
		answer, err := stalled.Do(t.Context(), anna, asking("k", "a"), func(ctx context.Context, id string) ([]byte, error) {
			forceful := desk(taking{s})
			second, err := forceful.Do(t.Context(), anna, asking("k", "a"), func(_ context.Context, again string) ([]byte, error) {
				if again != id {
					t.Errorf("the second attempt has the id %s; want that of the first, %s", again, id)
				}
				return []byte("second"), nil
			})
			if err != nil || string(second) != "second" {
				t.Errorf("who has gone ahead: %q, %v", second, err)
			}
			return []byte("first"), nil
		})
		if err != nil || string(answer) != "second" {
			t.Errorf("who was stalled: %q, %v; want the answer that is kept", answer, err)
		}
	})
}

// taking is a store on which all leases of others have ended.
type taking struct{ once.Store }

func (taking) Acquire(context.Context, string, string, time.Duration) (bool, error) { return true, nil }

func TestWhoGoesWhileHeWaitsIsToldThatItIsUnderWay(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		d := desk(open(t))
		_, err := d.Do(t.Context(), anna, asking("k", "a"), func(ctx context.Context, _ string) ([]byte, error) {
			gone, leave := context.WithCancel(ctx)
			waiting := desk(holding{d.Store, leave})
			_, err := waiting.Do(gone, anna, asking("k", "a"), nil)
			want := "A request with this idempotency key is under way. Send it again in a moment, to get its answer."
			var ours *core.Error
			if !errors.As(err, &ours) || ours.Code != core.Unavailable || ours.Message != want {
				t.Errorf("who goes: %v; want UNAVAILABLE: %s", err, want)
			}
			return nil, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// holding is a store on which somebody else has all leases, and who asks for one goes.
type holding struct {
	once.Store
	leave func()
}

func (h holding) Acquire(context.Context, string, string, time.Duration) (bool, error) {
	h.leave()
	return false, nil
}
