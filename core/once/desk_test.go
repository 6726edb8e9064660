package once_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/once"
	"github.com/openxrm/xrm/core/record"
)

var anna = core.Actor{ID: "anna"}

func asking(name, asked string) record.Key { return record.Key{Name: name, Asked: asked} }

func desk(s once.Store) *once.Desk {
	return &once.Desk{Store: s, Now: time.Now, Lease: 2 * time.Second, Patience: time.Minute}
}

func TestOfManyOneWorksAndAllGetItsAnswer(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		s := open(t)
		desks := []*once.Desk{desk(s), desk(s)}
		var works, atWork atomic.Int32
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				answer, err := desks[i%2].Do(t.Context(), anna, asking("k", "a"), func(context.Context, string) ([]byte, error) {
					if atWork.Add(1) > 1 {
						t.Error("two are at work")
					}
					defer atWork.Add(-1)
					works.Add(1)
					return []byte("first"), nil
				})
				if err != nil || string(answer) != "first" {
					t.Errorf("Do = %q, %v; want the first answer", answer, err)
				}
			})
		}
		group.Wait()
		if works.Load() != 1 {
			t.Errorf("%d have worked; want 1", works.Load())
		}
	})
}

func TestAnErrorIsNotKept(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		d := desk(open(t))
		var ids []string
		do := func(a core.Actor, asked, answer string, fails error) (string, error) {
			got, err := d.Do(t.Context(), a, asking("k", asked), func(_ context.Context, id string) ([]byte, error) {
				ids = append(ids, id)
				return []byte(answer), fails
			})
			return string(got), err
		}
		broken := errors.New("broken")
		for range 2 {
			if _, err := do(anna, "a", "", broken); !errors.Is(err, broken) {
				t.Errorf("work that fails: %v", err)
			}
		}
		if got, err := do(anna, "b", "mended", nil); got != "mended" || err != nil {
			t.Errorf("mended: %q, %v", got, err)
		}
		if got, err := do(anna, "b", "again", nil); got != "mended" || err != nil {
			t.Errorf("again: %q, %v; want the first answer", got, err)
		}
		if _, err := do(anna, "a", "other", nil); core.CodeOf(err) != core.Conflict {
			t.Errorf("the key of another request: %v; want a conflict", err)
		}
		if got, err := do(core.Actor{ID: "bert"}, "a", "his", nil); got != "his" || err != nil {
			t.Errorf("the key of somebody else: %q, %v", got, err)
		}
		if len(ids) != 4 || ids[0] != ids[1] || ids[1] == ids[2] || ids[2] == ids[3] {
			t.Errorf("the ids are %q; want one for both attempts of the first request, and others for the others", ids)
		}
	})
}

// dying is a store of a process that dies before its nth write.
type dying struct {
	once.Store
	left int
}

var errDied = errors.New("died")

func (d *dying) write() error {
	if d.left--; d.left < 0 {
		return errDied
	}
	return nil
}

func (d *dying) PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (int64, error) {
	if err := d.write(); err != nil {
		return 0, err
	}
	return d.Store.PutState(ctx, owner, key, value, ifVersion, expires)
}

func (d *dying) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	if err := d.write(); err != nil {
		return false, err
	}
	return d.Store.Acquire(ctx, name, holder, ttl)
}

func (d *dying) Release(ctx context.Context, name, holder string) error {
	if err := d.write(); err != nil {
		return err
	}
	return d.Store.Release(ctx, name, holder)
}

// What dies at any moment is done by who asks again, under the id of the first attempt.
func TestWhoDiesIsFollowedByWhoAsksAgain(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		s := open(t)
		for n, over := 0, false; !over; n++ {
			done := map[string]int{} // as a plugin does what has an id
			key := asking(string(rune('a'+n)), "it")
			work := func(_ context.Context, id string) ([]byte, error) {
				done[id]++
				return []byte(id), nil
			}
			first := desk(&dying{s, n})
			first.Lease = 50 * time.Millisecond
			a, err := first.Do(t.Context(), anna, key, work)
			over = err == nil
			b, errAgain := desk(s).Do(t.Context(), anna, key, work)
			if errAgain != nil || len(done) != 1 || over && string(a) != string(b) {
				t.Fatalf("died before write %d: %q, %v, then %q, %v; done were %v", n, a, err, b, errAgain, done)
			}
		}
	})
}

func TestALongAnswerIsNotKept(t *testing.T) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		d := desk(open(t))
		work := func(context.Context, string) ([]byte, error) { return make([]byte, core.MaxStateValue), nil }
		answer, err := d.Do(t.Context(), anna, asking("k", "a"), work)
		if err != nil || len(answer) != core.MaxStateValue {
			t.Errorf("Do = %d bytes, %v", len(answer), err)
		}
		_, err = d.Do(t.Context(), anna, asking("k", "a"), work)
		if want := `What has the idempotency key "k" was done before. Its answer was too long to be kept.`; err == nil || err.Error() != want {
			t.Errorf("again: %v; want %s", err, want)
		}
	})
}
