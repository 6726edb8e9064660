package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
)

// onStage runs a test with a stage whose dispatcher runs.
func onStage(t *testing.T, test func(t *testing.T, s *stage, d *journal.Dispatcher)) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		d := s.dispatcher("p1")
		start(t, d)
		test(t, s, d)
	})
}

var errDown = errors.New("the plugin is down")

func isDown([]core.Event) ([]core.Receipt, error) { return nil, errDown }

func TestEventsAreDeliveredAtOnceWhenNudged(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.enqueue("a1", "a2")
		d.Nudge()
		synctest.Wait()
		s.wantSeen("at once", "a1 a2")
		s.wantWaiting(0)
	})
}

func TestEventsAreDeliveredWithoutBeingTold(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.enqueue("a1", "a2")
		pass(time.Second)
		s.wantSeen("after a second", "a1 a2")
	})
}

func TestASubscriberThatIsNewIsSeenAndOneThatIsGoneIsNot(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		if err := s.Subscribe(t.Context(), core.Subscription{Subscriber: "new", Topics: []string{"thing.*"}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Enqueue(t.Context(), []core.Delivery{{Subscriber: "new", Event: event("n1"), Due: time.Now()}}); err != nil {
			t.Fatal(err)
		}
		d.Wake("new")
		synctest.Wait()
		s.wantSeen("woken", "n1")
		if err := s.Unsubscribe(t.Context(), "s"); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		s.enqueue("a1")
		pass(time.Minute)
		s.wantSeen("after it is gone", "")
	})
}

func TestASubscriberThatIsDownUsesUpNoAttempts(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.plays(isDown)
		s.enqueue("a1", "a2")
		pass(2 * time.Hour)
		for _, one := range s.waiting() {
			if one.Attempts != 0 {
				t.Errorf("%s has %d failed attempts after two hours; want none", one.Event.ID, one.Attempts)
			}
		}
		if n := len(s.times); n < 110 || n > 130 {
			t.Errorf("it was tried %d times in two hours; want about once a minute", n)
		}
		s.wantLog("Events wait until they can be delivered; nothing is lost.", 1)
		s.plays(ackAll)
		s.seen()
		for range 10 {
			d.Nudge() // does not end the pause
			synctest.Wait()
		}
		s.wantSeen("nudged while it seems down", "")
		d.Wake("s")
		synctest.Wait()
		s.wantSeen("woken", "a1 a2")
		s.wantLog("Events are delivered again.", 1)
	})
}

func TestARetryComesLaterEachTimeAndIsADeadLetterAfterTwelve(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.plays(func(batch []core.Event) ([]core.Receipt, error) {
			return answer(batch, core.Receipt{Reason: "The ERP is down."})
		})
		s.enqueue("a1")
		pass(time.Hour)
		if len(s.times) != 12 {
			t.Fatalf("it was delivered %d times; want 12", len(s.times))
		}
		const poll = time.Second
		for i, want := 1, time.Second; i < 12; i, want = i+1, min(2*want, 10*time.Minute) {
			if got := s.times[i].Sub(s.times[i-1]); got < want*8/10 || got > want*12/10+poll {
				t.Errorf("attempt %d came %v after the one before; want %v, a fifth more or less", i+1, got, want)
			}
		}
		dead := s.dead()
		if len(dead) != 1 || dead[0].Attempts != 12 || dead[0].LastError != "The ERP is down." {
			t.Errorf("dead letters: %+v; want one after 12 attempts", dead)
		}
		s.wantLog(`msg="An event is a dead letter; replay or discard it." subscriber=s event=thing/a/1 topic=thing.updated attempts=12 reason="The ERP is down."`, 1)
	})
}

func TestARetryComesWhenTheSubscriberWantsIt(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.plays(func(batch []core.Event) ([]core.Receipt, error) {
			return answer(batch, core.Receipt{After: 20 * time.Minute})
		})
		s.enqueue("a1")
		pass(20 * time.Minute)
		s.wantSeen("before the time is over", "a1")
		pass(2 * time.Second)
		s.wantSeen("after it", "a1")
	})
}

func TestAKeyThatIsRetriedBlocksOnlyItself(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.plays(func(batch []core.Event) ([]core.Receipt, error) {
			receipts, _ := ackAll(batch)
			for i, e := range batch {
				if short(e) == "a2" {
					receipts[i] = core.Receipt{After: time.Minute}
				}
			}
			return receipts, nil
		})
		s.enqueue("a1", "a2", "a3")
		d.Nudge()
		synctest.Wait()
		s.wantSeen("at first", "a1 a2 a3")
		s.enqueue("a4", "b1")
		d.Nudge()
		pass(59 * time.Second)
		s.wantSeen("meanwhile", "b1")
		s.plays(ackAll)
		pass(2 * time.Second)
		s.wantSeen("after the minute", "a2 a3 a4")
		s.wantWaiting(0)
	})
}

func TestAnEventThatIsRetriedAgainStillHoldsBackItsKey(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.plays(func(batch []core.Event) ([]core.Receipt, error) {
			receipts, _ := ackAll(batch)
			if short(batch[0]) == "a1" {
				receipts[0] = core.Receipt{After: time.Minute}
			}
			return receipts, nil
		})
		s.enqueue("a1", "a2")
		pass(150 * time.Second)
		s.wantSeen("in three attempts", "a1 a2 a1 a1")
		s.plays(ackAll)
		pass(time.Minute)
		s.wantSeen("in the fourth", "a1 a2")
	})
}

func TestADeadVerdictIsADeadLetterAtOnceAndTheKeyGoesOn(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.plays(func(batch []core.Event) ([]core.Receipt, error) {
			receipts, _ := ackAll(batch)
			receipts[0] = core.Receipt{Verdict: core.Dead, Reason: "The field total is no number."}
			return receipts, nil
		})
		s.enqueue("a1", "a2")
		d.Nudge()
		synctest.Wait()
		s.wantWaiting(0)
		dead := s.dead()
		if len(dead) != 1 || short(dead[0].Event) != "a1" || dead[0].LastError != "The field total is no number." {
			t.Errorf("dead letters: %+v; want a1", dead)
		}
		s.plays(ackAll)
		s.seen()
		if n, err := s.Replay(t.Context(), "s", []string{"thing/a/1"}); n != 1 || err != nil {
			t.Fatalf("Replay: %d, %v", n, err)
		}
		pass(time.Second)
		s.wantSeen("after the replay", "a1")
	})
}

// poison takes the subscriber down, and it needs a while to come up again.
func poison(s *stage, name string) func([]core.Event) ([]core.Receipt, error) {
	var up time.Time
	return func(batch []core.Event) ([]core.Receipt, error) {
		if time.Now().Before(up) {
			return nil, errDown
		}
		if slices.ContainsFunc(batch, func(e core.Event) bool { return short(e) == name }) {
			up = time.Now().Add(3 * time.Second)
			return nil, fmt.Errorf("signal: segmentation fault: %w", core.ErrDied)
		}
		return ackAll(batch)
	}
}

func TestAnEventThatTakesTheSubscriberDownIsFoundAndGivenUp(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.plays(poison(s, "c1"))
		s.enqueue("a1", "b1", "c1", "d1", "e1", "c2")
		pass(time.Hour)
		s.wantWaiting(0)
		dead := s.dead()
		if len(dead) != 1 || short(dead[0].Event) != "c1" || dead[0].Attempts != 12 {
			t.Fatalf("dead letters: %+v; want c1 after 12 attempts", dead)
		}
		if want := "signal: segmentation fault: the subscriber failed while it handled events"; dead[0].LastError != want {
			t.Errorf("the dead letter says %q; want %q", dead[0].LastError, want)
		}
	})
}

func TestWhatASubscriberHasAnsweredCountsWhenItDies(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		killed := false
		s.plays(func(batch []core.Event) ([]core.Receipt, error) {
			receipts, _ := ackAll(batch)
			if killed {
				return receipts, nil
			}
			killed = true
			return receipts[:2], fmt.Errorf("signal: killed: %w", core.ErrDied)
		})
		s.enqueue("a1", "a2", "a3", "a4", "a5")
		pass(10 * time.Second)
		s.wantSeen("and what it died over goes alone", "a1 a2 a3 a4 a5 a3 a4 a5")
		s.wantWaiting(0)
		if dead := s.dead(); len(dead) > 0 {
			t.Errorf("dead letters: %+v", dead)
		}
	})
}

func TestASubscriberThatDoesNotAnswerInTimeUsesUpAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		d := s.dispatcher("p1")
		deliver := d.Receivers[core.PluginSubscriber].Receive
		d.Receivers = plugins(func(ctx context.Context, subscriber string, batch []core.Event) ([]core.Receipt, error) {
			if slices.ContainsFunc(batch, func(e core.Event) bool { return short(e) == "a1" }) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return deliver(ctx, subscriber, batch)
		})
		start(t, d)
		s.enqueue("a1", "b1")
		pass(90 * time.Second)
		s.wantSeen("beside the one that hangs", "b1")
		waiting := s.waiting()
		if len(waiting) != 1 || waiting[0].Attempts == 0 {
			t.Fatalf("waiting: %+v; want a1 with a failed attempt", waiting)
		}
		if want := "the subscriber failed while it handled events: no answer after 30s: context deadline exceeded"; waiting[0].LastError != want {
			t.Errorf("it failed with %q; want %q", waiting[0].LastError, want)
		}
	})
}

func TestAnswersThatDoNotFitTheEventsUseUpAttempts(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage, d *journal.Dispatcher) {
		s.plays(func([]core.Event) ([]core.Receipt, error) { return nil, nil })
		s.enqueue("a1")
		d.Nudge()
		synctest.Wait()
		waiting := s.waiting()
		if len(waiting) != 1 || waiting[0].Attempts != 1 || waiting[0].LastError != "the subscriber failed while it handled events: it answered 1 events with 0 receipts" {
			t.Errorf("waiting: %+v; want a1 with the reason", waiting)
		}
	})
}

func TestBatchesAreBoundedAndRunInParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		d := s.dispatcher("p1")
		var mu sync.Mutex
		var running, most, largest, events int
		d.Receivers = plugins(func(_ context.Context, _ string, batch []core.Event) ([]core.Receipt, error) {
			mu.Lock()
			running++
			most, largest, events = max(most, running), max(largest, len(batch)), events+len(batch)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			running--
			mu.Unlock()
			return ackAll(batch)
		})
		var names []string
		for i := range 1000 {
			names = append(names, fmt.Sprint(string(rune('a'+i%20)), i/20+1))
		}
		s.enqueue(names...)
		start(t, d)
		pass(time.Second)
		if most != 4 || largest != 100 || events != 1000 {
			t.Errorf("%d batches ran at a time, with up to %d events, %d in all; want 4, 100 and 1000", most, largest, events)
		}
	})
}

func TestLargeEventsMakeSmallBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		d := s.dispatcher("p1")
		d.Limits = journal.Limits{Parallel: 1}
		var sizes []int
		d.Receivers = plugins(func(_ context.Context, _ string, batch []core.Event) ([]core.Receipt, error) {
			sizes = append(sizes, len(batch))
			return ackAll(batch)
		})
		for i, size := range []int{400_000, 400_000, 400_000, 3_000_000, 10} {
			e := core.Event{ID: fmt.Sprint(i), Topic: "p.e", Key: "k", Seq: int64(i), Payload: bytes.Repeat([]byte("1"), size)}
			if err := s.Enqueue(t.Context(), []core.Delivery{{Subscriber: "s", Event: e, Due: time.Now()}}); err != nil {
				t.Fatal(err)
			}
		}
		start(t, d)
		pass(time.Second)
		if got := fmt.Sprint(sizes); got != "[2 1 1 1]" {
			t.Errorf("the batches have %s events; want [2 1 1 1]", got)
		}
	})
}

func TestOneProcessAtATimeDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		var by [3]int
		var dispatchers []*journal.Dispatcher
		for i := range 3 {
			d := s.dispatcher(fmt.Sprint("p", i))
			d.Receivers = plugins(func(_ context.Context, _ string, batch []core.Event) ([]core.Receipt, error) {
				s.mu.Lock()
				defer s.mu.Unlock()
				by[i] += len(batch)
				return s.play(batch)
			})
			dispatchers = append(dispatchers, d)
		}
		stop := start(t, dispatchers[0])
		start(t, dispatchers[1])
		deliver := func(names ...string) {
			s.enqueue(names...)
			for _, d := range dispatchers {
				d.Nudge()
			}
			synctest.Wait()
		}
		deliver("a1", "b1")
		pass(10 * time.Minute)
		deliver("a2")
		if by != [3]int{3, 0, 0} {
			t.Errorf("the processes have delivered %v; want all by the first", by)
		}
		stop() // and the other takes over
		deliver("a3")
		pass(2 * time.Second)
		if by != [3]int{3, 1, 0} {
			t.Errorf("the processes have delivered %v; want the rest by the second", by)
		}
	})
}

func TestAProcessWhoseSubscriberIsDownLeavesItToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		first, second := s.dispatcher("p1"), s.dispatcher("p2")
		first.Receivers = plugins(func(context.Context, string, []core.Event) ([]core.Receipt, error) { return nil, errDown })
		start(t, first)
		start(t, second)
		s.enqueue("a1")
		pass(3 * time.Second)
		s.wantSeen("by the second process", "a1")
	})
}

func TestALeaseThatItsHolderLeftEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		if held, err := s.leases.Acquire(t.Context(), "deliver/s", "one that was killed", time.Minute); !held || err != nil {
			t.Fatal(held, err)
		}
		start(t, s.dispatcher("p1"))
		s.enqueue("a1")
		pass(58 * time.Second)
		s.wantSeen("while it lasts", "")
		pass(3 * time.Second)
		s.wantSeen("after it", "a1")
	})
}

// pausable makes a dispatcher whose process stands still at the next call of the
// subscriber, until it is told to go on: what it is handed then, it has seen.
func (s *stage) pausable(holder string) (d *journal.Dispatcher, goOn chan struct{}) {
	d, goOn = s.dispatcher(holder), make(chan struct{})
	receiver := d.Receivers[core.PluginSubscriber]
	d.Receivers = plugins(func(ctx context.Context, name string, batch []core.Event) ([]core.Receipt, error) {
		receipts, err := receiver.Receive(ctx, name, batch)
		<-goOn
		return receipts, err
	})
	return d, goOn
}

// The events that were under way come again, at another of three processes. The one
// that wakes up after its lease has ended settles what is settled, and takes no more.
func TestAProcessThatStandsStillLongerThanItsLeaseTakesNothingFromTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		first, goOn := s.pausable("p1")
		start(t, first)
		second, third := s.dispatcher("p2"), s.dispatcher("p3")
		start(t, second)
		start(t, third)
		nudge := func() {
			for _, d := range []*journal.Dispatcher{first, second, third} {
				d.Nudge()
			}
			synctest.Wait()
		}
		s.enqueue("a1")
		nudge()
		s.wantSeen("of the first process", "a1")
		s.enqueue("a2")
		pass(89 * time.Second)
		s.wantSeen("while the lease lasts", "")
		pass(2 * time.Second)
		s.wantSeen("of another process, as soon as the lease has ended", "a1 a2")
		s.wantWaiting(0)

		s.enqueue("a3")
		nudge()
		s.wantSeen("of the other", "a3")
		close(goOn)
		synctest.Wait()
		s.enqueue("a4")
		nudge()
		pass(10 * time.Minute)
		s.wantSeen("after the first goes on", "a4")
		s.wantWaiting(0)
		if dead := s.dead(); len(dead) > 0 {
			t.Errorf("dead are %+v", dead)
		}
	})
}

func TestRunCanBeCalledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		d := s.dispatcher("p1")
		start(t, d)()
		s.enqueue("a1")
		start(t, d)
		s.wantSeen("in its second life", "a1")
	})
}
