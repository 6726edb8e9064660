package journal_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
)

// things prepares a stage for things and returns how to commit the next
// version of one.
func (s *stage) things() func(id string, version int64) {
	s.t.Helper()
	m, err := schema.Load(schema.Source{File: "thing.yaml", Data: []byte(definition)})
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.Prepare(s.t.Context(), m); err != nil {
		s.t.Fatal(err)
	}
	return func(id string, version int64) {
		at := time.Now().UTC()
		record := func(version int64) *core.Record {
			return &core.Record{Entity: "thing", ID: id, Version: version, CreatedAt: at, UpdatedAt: at, Values: map[string]any{"name": fmt.Sprint(id, version)}}
		}
		c := core.Change{At: at, Action: core.Created, After: record(version)}
		if version > 1 {
			c.Action, c.Before = core.Updated, record(version-1)
		}
		if err := s.Commit(s.t.Context(), m.Entity("thing"), []core.Change{c})[0]; err != nil {
			s.t.Error(err)
		}
	}
}

// wantHandled wants of every event that it was handled, and the first time
// after those before it in its key.
func wantHandled(t *testing.T, when string, handled []string, keys []string, versions int64) {
	t.Helper()
	for _, key := range keys {
		next := int64(1)
		for _, name := range handled {
			if name[:1] != key {
				continue
			}
			var version int64
			fmt.Sscan(name[1:], &version)
			switch {
			case version == next:
				next++
			case version > next:
				t.Fatalf("%s: %s was handled before %s%d: %v", when, name, key, next, handled)
			}
		}
		if next != versions+1 {
			t.Fatalf("%s: of %s %d events were handled; want %d: %v", when, key, next-1, versions, handled)
		}
	}
}

// mortal is a store whose process can die: after a step has taken effect,
// whereupon nothing else does.
type mortal struct {
	*sqlite.Store
	mu     sync.Mutex
	steps  int
	diesAt int // after this many steps; 0 for never
	acked  map[string]int
}

// do makes one step.
func (m *mortal) do(step func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead() {
		return errDied
	}
	err := step()
	m.steps++
	if m.dead() {
		return errDied
	}
	return err
}

func (m *mortal) dead() bool { return m.diesAt > 0 && m.steps >= m.diesAt }

func (m *mortal) Subscriptions(ctx context.Context) (all []core.Subscription, err error) {
	return all, m.do(func() error { all, err = m.Store.Subscriptions(ctx); return err })
}

func (m *mortal) Pending(ctx context.Context, limit int) iter.Seq2[[]core.Entry, error] {
	return func(yield func([]core.Entry, error) bool) {
		for entries, err := range m.Store.Pending(ctx, limit) {
			if err = m.do(func() error { return err }); !yield(entries, err) || err != nil {
				return
			}
		}
	}
}

func (m *mortal) Missing(ctx context.Context, all []core.Entry) (missing []core.Entry, err error) {
	err = m.do(func() error { missing, err = m.Store.Missing(ctx, all); return err })
	return missing, err
}

func (m *mortal) Enqueue(ctx context.Context, deliveries []core.Delivery) error {
	return m.do(func() error { return m.Store.Enqueue(ctx, deliveries) })
}

func (m *mortal) Append(ctx context.Context, entries []core.Entry) error {
	return m.do(func() error { return m.Store.Append(ctx, entries) })
}

func (m *mortal) Settle(ctx context.Context, entries []core.Entry) error {
	return m.do(func() error { return m.Store.Settle(ctx, entries) })
}

func (m *mortal) Deliverable(ctx context.Context, subscriber string, now time.Time, limit int) (due []core.Delivery, err error) {
	err = m.do(func() error { due, err = m.Store.Deliverable(ctx, subscriber, now, limit); return err })
	return due, err
}

func (m *mortal) Ack(ctx context.Context, subscriber string, events []string) error {
	return m.do(func() error {
		for _, id := range events {
			m.acked[id]++
		}
		return m.Store.Ack(ctx, subscriber, events)
	})
}

func (m *mortal) Postpone(ctx context.Context, subscriber, event string, attempts int, due time.Time, reason string) error {
	return m.do(func() error { return m.Store.Postpone(ctx, subscriber, event, attempts, due, reason) })
}

func (m *mortal) Bury(ctx context.Context, subscriber, event, reason string, at time.Time) error {
	return m.do(func() error { return m.Store.Bury(ctx, subscriber, event, reason, at) })
}

// process is a relay and a dispatcher that die together.
func (s *stage) process(holder string, diesAt int) (*mortal, *journal.Relay, *journal.Dispatcher) {
	m := &mortal{Store: s.Store, diesAt: diesAt, acked: map[string]int{}}
	d := s.dispatcher(holder)
	handle := d.Receivers[core.PluginSubscriber].Receive
	d.Queue = m
	d.Receivers = plugins(func(ctx context.Context, subscriber string, batch []core.Event) (receipts []core.Receipt, err error) {
		err = m.do(func() error { receipts, err = handle(ctx, subscriber, batch); return err })
		return receipts, err
	})
	return m, &journal.Relay{Store: m, Log: slog.New(slog.DiscardHandler), Every: time.Second, Enqueued: d.Nudge}, d
}

// TestAProcessThatDiesBetweenAnyTwoStepsLosesNothing kills a process after
// each of its steps in turn, and lets another one finish.
func TestAProcessThatDiesBetweenAnyTwoStepsLosesNothing(t *testing.T) {
	keys := []string{"a", "b", "c"}
	for step, died := 1, true; died; step++ {
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t)
			commit := s.things()
			for version := range int64(3) {
				for _, key := range keys {
					commit(key, version+1)
				}
			}
			refused := false
			s.plays(func(batch []core.Event) ([]core.Receipt, error) {
				receipts, _ := ackAll(batch)
				for i, e := range batch {
					switch {
					case short(e) == "b1":
						receipts[i] = core.Receipt{Verdict: core.Dead, Reason: "no"}
					case short(e) == "a2" && !refused:
						refused, receipts[i] = true, core.Receipt{Reason: "later"}
					}
				}
				return receipts, nil
			})
			first, relay, d := s.process("first", step)
			stop := start(t, d)
			_ = relay.Drain(t.Context())
			pass(10 * time.Second)
			stop()
			died = first.dead()

			_, relay, d = s.process("second", 0)
			start(t, d)
			if err := relay.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			pass(5 * time.Minute) // until the dead one's lease has ended
			when := fmt.Sprint("dead after step ", step)
			wantHandled(t, when, s.handled, keys, 3)
			s.wantWaiting(0)
			if dead := s.dead(); len(dead) != 1 || short(dead[0].Event) != "b1" {
				t.Errorf("%s: dead letters: %+v; want b1", when, dead)
			}
			// Once by each process, and once more if the relay died before Append.
			if n := len(s.handled); n > 3*9+3 {
				t.Errorf("%s: events were handled %d times; want 9 of them at most three times: %v", when, n, s.handled)
			}
		})
	}
}

// TestWhateverTheSubscriberDoesEachEventIsHandledInOrder lets records change
// while a relay and the dispatchers of two processes deliver to a subscriber
// that is down, dies and refuses at random.
func TestWhateverTheSubscriberDoesEachEventIsHandledInOrder(t *testing.T) {
	const versions = 12
	keys := []string{"a", "b", "c", "d", "e"}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		commit := s.things()
		chance := rand.New(rand.NewPCG(seed, 0))
		acked := map[string]bool{}
		part := func(batch []core.Event) (receipts []core.Receipt, err error) {
			handled, answered := len(batch), len(batch)
			switch chance.IntN(6) {
			case 0:
				s.handled = s.handled[:len(s.handled)-len(batch)]
				return nil, errDown
			case 1: // after it has handled some, or all
				handled = chance.IntN(len(batch) + 1)
				answered = chance.IntN(handled + 1)
				s.handled = s.handled[:len(s.handled)-len(batch)+handled]
				err = fmt.Errorf("signal: killed: %w", core.ErrDied)
			}
			for _, e := range batch[:handled] {
				if acked[e.ID] {
					t.Errorf("%s is handled again after it was acknowledged", short(e))
				}
			}
			waits := map[string]bool{}
			for i, e := range batch[:handled] {
				switch {
				case waits[e.Key] || i < answered && chance.IntN(4) == 0:
					waits[e.Key] = true
					receipts = append(receipts, core.Receipt{After: time.Duration(chance.IntN(4000)) * time.Millisecond})
					s.handled[len(s.handled)-handled+i] = "-"
				case i < answered:
					acked[e.ID] = true
					receipts = append(receipts, core.Receipt{Verdict: core.Acked})
				}
			}
			return receipts[:min(answered, len(receipts))], err
		}
		s.plays(part)
		var processes []*mortal
		for _, holder := range []string{"p1", "p2"} {
			m, relay, d := s.process(holder, 0)
			d.Limits = journal.Limits{Events: 5, Parallel: 3, Attempts: 1000}
			processes = append(processes, m)
			start(t, d)
			if holder == "p1" { // two relays may enqueue an event twice
				running(t, relay)
			}
		}
		var writers sync.WaitGroup
		for _, key := range keys {
			writers.Go(func() {
				for version := range int64(versions) {
					commit(key, version+1)
					time.Sleep(time.Duration(rand.N(2000)) * time.Millisecond)
				}
			})
		}
		writers.Wait()
		for range 1000 {
			if pass(time.Minute); len(s.waiting()) == 0 {
				break
			}
		}
		s.wantWaiting(0)
		handled := slices.DeleteFunc(s.handled, func(name string) bool { return name == "-" })
		wantHandled(t, fmt.Sprint("seed ", seed), handled, keys, versions)
		for id := range acked {
			if n := processes[0].acked[id] + processes[1].acked[id]; n != 1 {
				t.Errorf("%s was acknowledged %d times; want once", id, n)
			}
		}
	})
}
