package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
)

var errDied = errors.New("the process died")

// store is a store in memory that can die, which it does after a step has
// taken effect, or be away, which it is before.
type store struct {
	journal.Store // is nil: nothing here forgets

	mu      sync.Mutex
	pending []core.Entry
	journal []core.Entry
	wanted  []core.Subscription
	queue   []core.Delivery
	read    int // how often the subscriptions were
	steps   int
	diesAt  int // after this many steps; 0 for never
	away    bool
	asked   int
	log     bytes.Buffer // what the relay has logged
	before  int          // entries of the journal that have no position
}

func (s *store) step() error {
	if s.steps++; s.steps == s.diesAt {
		return errDied
	}
	return nil
}

func (s *store) Pending(_ context.Context, limit int) iter.Seq2[[]core.Entry, error] {
	return func(yield func([]core.Entry, error) bool) {
		now, err := s.now()
		for ; err == nil && len(now) > 0; now = now[min(limit, len(now)):] {
			var died error
			s.change(func() { died = s.step() })
			if !yield(now[:min(limit, len(now))], died) || died != nil {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

func (s *store) now() ([]core.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.away {
		return nil, &core.Error{Code: core.Unavailable, Message: "The database is away."}
	}
	if len(s.pending) == 0 {
		return nil, s.step()
	}
	return slices.Clone(s.pending), nil
}

func (s *store) Append(_ context.Context, entries []core.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		if !has(s.journal, e) {
			s.journal = append(s.journal, e)
		}
	}
	return s.step()
}

func (s *store) Subscriptions(context.Context) ([]core.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
	return s.wanted, nil
}

func (s *store) Missing(_ context.Context, entries []core.Entry) ([]core.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []core.Entry
	for _, e := range entries {
		if !has(s.journal, e) {
			missing = append(missing, e)
		}
	}
	return missing, s.step()
}

func (s *store) Number(context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.before
	s.before = 0
	return n, s.step()
}

func (s *store) Enqueue(_ context.Context, deliveries []core.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, deliveries...)
	return s.step()
}

func (s *store) Settle(_ context.Context, entries []core.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []core.Entry
	for _, e := range s.pending {
		if !has(entries, e) {
			left = append(left, e)
		}
	}
	s.pending = left
	return s.step()
}

// change does something to the store that the relay must not see half done.
func (s *store) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *store) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func has(entries []core.Entry, e core.Entry) bool {
	for _, other := range entries {
		if other.RecordID == e.RecordID && other.Version == e.Version {
			return true
		}
	}
	return false
}

// entries are of several records, their versions mixed as commits mix them.
func entries(n int) []core.Entry {
	var all []core.Entry
	for i := range n {
		all = append(all, core.Entry{Entity: "thing", Action: core.Created, RecordID: fmt.Sprint("r", i%7), Version: int64(i/7 + 1)})
	}
	return all
}

func (s *store) wantMoved(t *testing.T, want []core.Entry) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if diff := cmp.Diff(want, s.journal); diff != "" {
		t.Errorf("journal: -want +got:\n%s", diff)
	}
	if len(s.pending) > 0 {
		t.Errorf("%d entries are still pending; want none", len(s.pending))
	}
}

func TestDrainMovesAllThatIsPending(t *testing.T) {
	for _, n := range []int{0, 1, 199, 200, 201, 1000} {
		s := &store{pending: entries(n)}
		if err := (&journal.Relay{Store: s}).Drain(t.Context()); err != nil {
			t.Errorf("Drain of %d entries: %v", n, err)
		}
		s.wantMoved(t, entries(n))
	}
}

func TestWhatAProgramFromBeforeLeftIsNumberedAndSaid(t *testing.T) {
	for pending, before := range map[int]int{0: 1200, 7: 3} {
		s := &store{pending: entries(pending), before: before}
		r := &journal.Relay{Store: s, Log: slog.New(slog.NewTextHandler(s, nil))}
		for range 2 {
			if err := r.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		s.wantMoved(t, entries(pending))
		want := fmt.Sprint(`msg="Entries of the journal that had no position have one now." entries=`, before, " ")
		if log := s.log.String(); s.before != 0 || strings.Count(log, "\n") != 1 || !strings.Contains(log, want) {
			t.Errorf("%d are left without a position, and the log is %q; want none, and one line with %s", s.before, log, want)
		}
	}
}

func TestARelayThatDiesAnywhereLeavesNeitherGapNorDouble(t *testing.T) {
	const n = 450 // three batches of four steps each
	for first := 1; first <= 12; first++ {
		for second := 1; second <= 12; second++ {
			s := &store{pending: entries(n)}
			for _, steps := range []int{first, second} {
				s.steps, s.diesAt = 0, steps
				if err := (&journal.Relay{Store: s}).Drain(t.Context()); err != nil && !errors.Is(err, errDied) {
					t.Fatalf("Drain: %v", err)
				}
			}
			s.diesAt = 0
			if err := (&journal.Relay{Store: s}).Drain(t.Context()); err != nil {
				t.Fatalf("Drain: %v", err)
			}
			s.wantMoved(t, entries(n))
		}
	}
}

// events lists the queue in short, each event once if it lies there twice.
func (s *store) events() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, d := range s.queue {
		if line := d.Subscriber + " " + d.Event.ID; !slices.Contains(all, line) {
			all = append(all, line)
		}
	}
	return all
}

func TestARelayThatDiesAnywhereEnqueuesEveryEventBeforeItIsInTheJournal(t *testing.T) {
	const n = 450 // three batches of six steps each
	var want []string
	for _, e := range entries(n) {
		want = append(want, "s "+e.Event().ID)
	}
	for first := 1; first <= 18; first++ {
		s := &store{pending: entries(n), wanted: []core.Subscription{{Subscriber: "s", Topics: []string{"thing.*"}}, {Subscriber: "other", Topics: []string{"person.*"}}}}
		s.diesAt = first
		if err := (&journal.Relay{Store: s}).Drain(t.Context()); err != nil && !errors.Is(err, errDied) {
			t.Fatalf("Drain: %v", err)
		}
		enqueued := s.events()
		for _, e := range s.journal {
			if !slices.Contains(enqueued, "s "+e.Event().ID) {
				t.Fatalf("dead after step %d: %s is in the journal and was not enqueued", first, e.Event().ID)
			}
		}
		s.diesAt = 0
		if err := (&journal.Relay{Store: s}).Drain(t.Context()); err != nil {
			t.Fatalf("Drain: %v", err)
		}
		if diff := cmp.Diff(want, s.events()); diff != "" {
			t.Errorf("dead after step %d: enqueued: -want +got:\n%s", first, diff)
		}
		s.wantMoved(t, entries(n))
	}
}

func TestWhatIsInTheJournalIsNotEnqueuedAgain(t *testing.T) {
	s := &store{pending: entries(7), journal: entries(5), wanted: []core.Subscription{{Subscriber: "s", Topics: []string{"thing.*"}}}}
	told := 0
	if err := (&journal.Relay{Store: s, Enqueued: func() { told++ }}).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"s thing/r5/1", "s thing/r6/1"}, s.events()); diff != "" || told != 1 {
		t.Errorf("told %d times; enqueued: -want +got:\n%s", told, diff)
	}
}

func TestWithoutSubscribersTheRelayAsksForThemOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		r := &journal.Relay{Store: s, Every: time.Hour, Enqueued: func() { t.Error("told of events that nobody wants") }}
		running(t, r)
		s.change(func() {
			if s.read != 0 {
				t.Error("it remembers for a second who had subscribed before there was anything to tell")
			}
		})
		for range 50 {
			s.change(func() { s.pending = entries(1) })
			r.Nudge()
			pass(100 * time.Millisecond)
		}
		s.change(func() {
			if s.read != 5 || s.steps != 2+4*50 {
				t.Errorf("50 batches in 5 seconds cost %d reads of the subscriptions and %d other steps; want 5 and %d", s.read, s.steps, 2+4*50)
			}
		})
	})
}

// running starts a relay in the bubble of a test and stops it at the end.
func running(t *testing.T, r *journal.Relay) {
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	synctest.Wait()
}

// pass lets time pass on the clock of the bubble, until all have done what
// there was to do.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestRunMovesAtOnceWhenNudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		r := &journal.Relay{Store: s, Every: time.Hour}
		running(t, r)
		s.change(func() { s.pending = entries(3) })
		r.Nudge()
		r.Nudge()
		synctest.Wait()
		s.wantMoved(t, entries(3))
	})
}

func TestRunLooksByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		running(t, &journal.Relay{Store: s, Every: time.Minute})
		s.change(func() { s.pending = entries(3) })
		pass(time.Minute)
		s.wantMoved(t, entries(3))
	})
}

func TestRunWaitsForAStoreThatIsAwayAndSaysSoOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{away: true, pending: entries(3)}
		r := &journal.Relay{Store: s, Every: time.Second, Log: slog.New(slog.NewTextHandler(s, nil))}
		running(t, r)
		for range 100 {
			r.Nudge()
			synctest.Wait()
		}
		s.change(func() {
			if s.asked != 1 {
				t.Errorf("nudges made it ask %d times; want 1 before the first pause is over", s.asked)
			}
		})
		pass(10 * time.Minute)
		s.change(func() {
			if s.asked > 50 {
				t.Errorf("it asked %d times in ten minutes; want about 46", s.asked)
			}
			if n := strings.Count(s.log.String(), "\n"); n != 1 || !strings.Contains(s.log.String(), "The journal stands still until the store answers; nothing is lost.") {
				t.Errorf("the log has %d lines; want one that says that the journal stands still:\n%s", n, &s.log)
			}
			s.away = false
		})
		pass(15 * time.Second)
		s.wantMoved(t, entries(3))
		s.change(func() {
			if !strings.Contains(s.log.String(), "The journal goes on.") {
				t.Errorf("the log does not say that the journal goes on:\n%s", &s.log)
			}
		})
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	for name, s := range map[string]*store{"while it waits for work": {}, "while the store is away": {away: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				ended := false
				go func() {
					(&journal.Relay{Store: s, Log: slog.New(slog.DiscardHandler)}).Run(ctx)
					ended = true
				}()
				synctest.Wait()
				stop()
				synctest.Wait()
				if !ended {
					t.Error("it still runs")
				}
			})
		})
	}
}

// outpaced is written to faster than its relay moves.
type outpaced struct{ *store }

func (s outpaced) Append(ctx context.Context, moved []core.Entry) error {
	s.change(func() {
		for range 2 * len(moved) {
			s.pending = append(s.pending, core.Entry{Entity: "thing", Action: core.Created, RecordID: fmt.Sprint("new", s.steps, len(s.pending)), Version: 1})
		}
	})
	return s.store.Append(ctx, moved)
}

func TestDrainEndsWithWhatWasPendingWhenItBegan(t *testing.T) {
	s := &store{pending: entries(450), diesAt: 100} // or it would go on for ever
	if err := (&journal.Relay{Store: outpaced{s}}).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(entries(450), s.journal); diff != "" {
		t.Errorf("journal: -want +got:\n%s", diff)
	}
	if len(s.pending) != 900 {
		t.Errorf("%d entries are pending; want the 900 that came meanwhile", len(s.pending))
	}
}
