package work_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/work"
	"github.com/openxrm/xrm/schema"
)

// host is work.Plugins under another name than that of its method.
type host interface{ work.Plugins }

// stage is what the work looks at: plugins that nobody runs, and a snapshot.
type stage struct {
	host
	mu       sync.Mutex
	statuses []pluginhost.Status
	now      snapshot.Snapshot
	changed  chan struct{}
}

func (s *stage) Plugins() []pluginhost.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.statuses
}

func (s *stage) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *stage) Settled() bool { return false }

func (s *stage) current() *snapshot.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now
	return &now
}

// shows lets there be another state of things.
func (s *stage) shows(statuses []pluginhost.Status, contributions ...snapshot.Contribution) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.statuses = statuses
	s.now = snapshot.Snapshot{Basis: record.Basis{Model: &schema.Model{}}, Contributions: contributions}
	close(s.changed)
	s.changed = make(chan struct{})
}

// noted is a store that tells of each subscription that is made or ended, and
// fails as often as it is told to.
type noted struct {
	*sqlite.Store
	told chan string
	mu   sync.Mutex
	down int
}

func (n *noted) fails() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down > 0 {
		n.down--
		return errors.New("the database is down")
	}
	return nil
}

func (n *noted) Subscribe(ctx context.Context, s core.Subscription) error {
	err := n.fails()
	if err == nil {
		err = n.Store.Subscribe(ctx, s)
	}
	n.told <- fmt.Sprintf("subscribe %s %v: %v", s.Subscriber, s.Topics, err)
	return err
}

func (n *noted) Unsubscribe(ctx context.Context, subscriber string) error {
	err := n.Store.Unsubscribe(ctx, subscriber)
	n.told <- fmt.Sprintf("unsubscribe %s: %v", subscriber, err)
	return err
}

func TestSubscriptionsFollowWhatPluginsContribute(t *testing.T) {
	t.Parallel()
	memory, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	store := &noted{Store: memory, told: make(chan string, 10), down: 1}
	s := &stage{changed: make(chan struct{})}
	w := work.New(store, s.current, func() string { return "id" }, slog.New(slog.NewTextHandler(t.Output(), nil)))
	w.Plugins = s
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		memory.Close()
	})
	told := func(want string) {
		t.Helper()
		select {
		case got := <-store.told:
			if got != want {
				t.Errorf("the store was told %s, want %s", got, want)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("the store was never told %s", want)
		}
	}
	down := []pluginhost.Status{{Name: "fax", State: pluginhost.Backoff}}
	fax := snapshot.Contribution{Plugin: "fax", Topics: []string{"order.created"}}

	s.shows(down, fax) // a plugin that is down subscribes, or it would lose what happens
	told("subscribe fax [order.created]: the database is down")
	told("subscribe fax [order.created]: <nil>") // it tries on
	fax.Topics = []string{"order.*"}
	s.shows(down, fax)
	told("subscribe fax [order.*]: <nil>")
	fax.Topics, fax.Retired = nil, true
	s.shows([]pluginhost.Status{{Name: "fax", State: pluginhost.Disabled}}, fax) // its events wait
	s.shows([]pluginhost.Status{{Name: "fax", State: pluginhost.Removed}}, fax)
	told("unsubscribe fax: <nil>")
	fax.Retired = false
	s.shows(down, fax)
	told("unsubscribe fax: <nil>") // nothing of that name is left from before
}
