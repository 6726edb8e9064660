package pluginhost_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/broadcast"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Hear hands what was broadcast to all who listen, whatever the topic.
func (a *actor) Hear(_ context.Context, r *pluginpb.HearRequest) (*pluginpb.HearResponse, error) {
	for heard := range a.heard.Range {
		heard.(chan *pluginpb.HearRequest) <- r
	}
	return &pluginpb.HearResponse{}, nil
}

// instances are two hosts with the plugin "p" on one database.
func instances(t *testing.T, on broadcast.Store) (a, b *pluginhost.Host) {
	t.Helper()
	store := registry(t, "")
	a, _ = working(t, pluginhost.Config{Registry: store, Broadcasts: on})
	b, _ = working(t, pluginhost.Config{Registry: store, Broadcasts: on})
	return a, b
}

func TestWhatIsBroadcastOnOneInstanceIsHeardOnAll(t *testing.T) {
	const count = 300
	var want []any
	for n := range count {
		want = append(want, fmt.Sprintf("calls %d", n))
	}
	bothstores.Run(t, func(t *testing.T, open func(t *testing.T) bothstores.Database) {
		a, b := instances(t, open(t))
		var followers, listening sync.WaitGroup
		for i, h := range []*pluginhost.Host{a, b, b} {
			listening.Add(1)
			followers.Go(func() {
				listens := sync.OnceFunc(listening.Done)
				defer listens()
				got, err := follows(t.Context(), t, h, "hear calls", func(results int) bool { listens(); return results == count+1 })
				if diff := cmp.Diff(append([]any{"listens"}, want...), got); err != nil || diff != "" {
					t.Errorf("follower %d: %v (-want +got):\n%s", i, err, diff)
				}
			})
		}
		listening.Wait()
		for h, what := range map[*pluginhost.Host]string{a: "broadcast calls 300", b: "broadcast mails 30"} {
			if said, err := does(t.Context(), t, h, "work", what); said != "ok" || err != nil {
				t.Errorf("%s: %s, %v", what, said, err)
			}
		}
		followers.Wait()
	})
}

func TestAQueryBroadcastsNothing(t *testing.T) {
	t.Parallel()
	h, _ := working(t, pluginhost.Config{})
	const want = "The plugin p wanted to broadcast on calls in the middle of a read or of another write. Queries, fields and rules have no effects."
	if said := must(t, h, "broadcast calls 1"); said != want {
		t.Errorf("it is told %s, want %s", said, want)
	}
}

// quiet is a store that counts how often it is asked, and can lose what it has.
type quiet struct {
	broadcast.Store
	mu    sync.Mutex
	asked int
	lost  int64 // positions up to this one are gone
}

func (q *quiet) BroadcastsAfter(ctx context.Context, position int64, limit int) ([]core.Broadcast, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.asked++
	list, err := q.Store.BroadcastsAfter(ctx, position, limit)
	return slices.DeleteFunc(list, func(b core.Broadcast) bool { return b.Position <= q.lost }), err
}

func (q *quiet) lose(until int64) (asked int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lost = until
	return q.asked
}

func TestAnInstanceThatHasMissedSomethingSaysSo(t *testing.T) {
	t.Parallel()
	bothstores.Run(t, func(t *testing.T, open func(t *testing.T) bothstores.Database) {
		store := &quiet{Store: open(t)}
		h, _ := working(t, pluginhost.Config{Broadcasts: store})
		got, err := follows(t.Context(), t, h, "hear calls", func(results int) bool {
			if results == 1 {
				store.lose(2)
				if said, err := does(t.Context(), t, h, "work", "broadcast calls 4"); said != "ok" || err != nil {
					t.Errorf("%s, %v", said, err)
				}
			}
			return results == 4
		})
		if diff := cmp.Diff([]any{"listens", "missed", "calls 2", "calls 3"}, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		awaitTrue(t, h, func() bool { return must(t, h, "followers") == "0" })
	})
}

func TestNobodyLooksForBroadcastsWhileNobodyListens(t *testing.T) {
	t.Parallel()
	store := &quiet{Store: registry(t, "").(broadcast.Store)}
	h, _ := working(t, pluginhost.Config{Broadcasts: store})
	if said, err := does(t.Context(), t, h, "work", "broadcast calls 4"); said != "ok" || err != nil {
		t.Errorf("%s, %v", said, err)
	}
	if n := store.lose(0); n != 0 {
		t.Errorf("it was asked %d times before anybody listened", n)
	}
	if got, err := follows(t.Context(), t, h, "hear calls", func(int) bool { return true }); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	// What is broadcast wakes whoever looks, and the answers come in order: if one still
	// did, it would ask for each of these.
	awaitTrue(t, h, func() bool {
		before := store.lose(0)
		if said, err := does(t.Context(), t, h, "work", "broadcast calls 20"); said != "ok" || err != nil {
			t.Errorf("%s, %v", said, err)
		}
		return store.lose(0) == before
	})
}
