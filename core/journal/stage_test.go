package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/sqlite"
)

// leases are leases in memory.
type leases struct {
	mu   sync.Mutex
	held map[string]lease
}

type lease struct {
	holder string
	until  time.Time
}

func (l *leases) Acquire(_ context.Context, name, holder string, ttl time.Duration) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.held[name]; now.holder != holder && time.Now().Before(now.until) {
		return false, nil
	}
	if l.held == nil {
		l.held = map[string]lease{}
	}
	l.held[name] = lease{holder, time.Now().Add(ttl)}
	return true, nil
}

func (l *leases) Release(_ context.Context, name, holder string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[name].holder == holder {
		delete(l.held, name)
	}
	return nil
}

// stage is a real store, with a subscriber s that plays a part.
type stage struct {
	*sqlite.Store
	t      *testing.T
	leases *leases

	mu      sync.Mutex
	play    func(batch []core.Event) ([]core.Receipt, error)
	handled []string    // what the subscriber has seen, in short
	times   []time.Time // when it was called
	log     bytes.Buffer
}

// newStage makes a stage whose subscriber acknowledges all there is.
func newStage(t *testing.T) *stage {
	t.Helper()
	s, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Subscribe(t.Context(), core.Subscription{Subscriber: "s", Topics: []string{"thing.*"}}); err != nil {
		t.Fatal(err)
	}
	return &stage{Store: s, t: t, leases: &leases{}, play: ackAll}
}

func ackAll(batch []core.Event) ([]core.Receipt, error) {
	return answer(batch, core.Receipt{Verdict: core.Acked})
}

func answer(batch []core.Event, v core.Receipt) ([]core.Receipt, error) {
	return slices.Repeat([]core.Receipt{v}, len(batch)), nil
}

func short(e core.Event) string { return fmt.Sprint(strings.TrimPrefix(e.Key, "thing/"), e.Seq) }

func (s *stage) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *stage) plays(part func(batch []core.Event) ([]core.Receipt, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.play = part
}

// seen is what the subscriber was handed since the last time.
func (s *stage) seen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := strings.Join(s.handled, " ")
	s.handled = nil
	return all
}

func (s *stage) wantSeen(when, want string) {
	s.t.Helper()
	if got := s.seen(); got != want {
		s.t.Errorf("%s the subscriber was handed %q; want %q", when, got, want)
	}
}

func (s *stage) wantLog(want string, times int) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := strings.Count(s.log.String(), want); got != times {
		s.t.Errorf("the log says %d times %q; want %d:\n%s", got, want, times, &s.log)
	}
}

func (s *stage) dispatcher(holder string) *journal.Dispatcher {
	return &journal.Dispatcher{
		Queue: s.Store, Leases: s.leases, Holder: holder, Log: slog.New(slog.NewTextHandler(s, nil)),
		Receivers: plugins(func(_ context.Context, _ string, batch []core.Event) ([]core.Receipt, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.times = append(s.times, time.Now())
			for _, e := range batch {
				s.handled = append(s.handled, short(e))
			}
			return s.play(batch)
		}),
	}
}

// plugins lets a function receive what is for plugins.
func plugins(f journal.ReceiverFunc) map[core.SubscriberKind]journal.Receiver {
	return map[core.SubscriberKind]journal.Receiver{core.PluginSubscriber: f}
}

// start runs a dispatcher in the bubble of a test, to its end or until the
// function that it returns is called.
func start(t *testing.T, d *journal.Dispatcher) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); d.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	synctest.Wait()
	return stop
}

// enqueue makes events due, written in short: a1 is the first of the key a.
func (s *stage) enqueue(names ...string) {
	s.t.Helper()
	var due []core.Delivery
	for _, name := range names {
		due = append(due, core.Delivery{Subscriber: "s", Event: event(name), Due: time.Now()})
	}
	if err := s.Enqueue(s.t.Context(), due); err != nil {
		s.t.Fatal(err)
	}
}

func event(name string) core.Event {
	var version int64
	fmt.Sscan(name[1:], &version)
	return core.Entry{Entity: "thing", RecordID: name[:1], Version: version, Action: core.Updated, At: time.Now().UTC()}.Event()
}

// waiting are the deliveries that wait, whenever they are due.
func (s *stage) waiting() []core.Delivery {
	s.t.Helper()
	found, err := s.Deliverable(s.t.Context(), "s", time.Now().Add(24*time.Hour), 10_000)
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

func (s *stage) wantWaiting(want int) {
	s.t.Helper()
	if got := s.waiting(); len(got) != want {
		s.t.Errorf("%d deliveries wait; want %d: %+v", len(got), want, got)
	}
}

func (s *stage) dead() []core.Delivery {
	s.t.Helper()
	found, err := s.DeadLetters(s.t.Context(), "s", core.Delivery{}, 10_000)
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}
