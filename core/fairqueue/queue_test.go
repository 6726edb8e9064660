package fairqueue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// line is a queue whose requests tell the order in which they begin.
type line struct {
	*testing.T
	*Queue

	mu    sync.Mutex
	begun []string
	turns map[string]*Turn
}

func newLine(t *testing.T, limits Limits) *line {
	return &line{T: t, Queue: New(limits, time.Now), turns: map[string]*Turn{}}
}

// ask enters in the background; when it returns, the request runs or waits.
func (l *line) ask(name, key string, cost int) { l.enter(name, Ask{Key: key, Cost: cost}) }

func (l *line) enter(name string, a Ask) {
	go func() {
		turn, err := l.Enter(l.Context(), a)
		if err != nil {
			if l.Context().Err() == nil { // else the test is over, and it waited until then
				l.Errorf("%s: %v", name, err)
			}
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.begun, l.turns[name] = append(l.begun, name), turn
	}()
	synctest.Wait()
}

func (l *line) leave(name string) {
	l.turns[name].Leave()
	synctest.Wait()
}

func (l *line) want(names string) {
	l.Helper()
	if got := strings.Join(l.begun, " "); got != names {
		l.Errorf("begun: %s; want %s", got, names)
	}
}

func TestAKeyThatAsksSeldomWaitsForNoneOfManyThatWaitBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 1, PerKey: 1})
		for i := range 5 {
			l.ask(fmt.Sprint("a", i), "a", 10)
		}
		l.ask("b0", "b", 10)
		l.ask("b1", "b", 10)
		for _, next := range []string{"a0", "b0", "a1", "b1", "a2", "a3", "a4"} {
			l.leave(next)
		}
		l.want("a0 b0 a1 b1 a2 a3 a4")
		if len(l.keys) != 0 || l.turns == nil {
			t.Errorf("%d keys are remembered of whom nobody asks", len(l.keys))
		}
	})
}

func TestWhatCostsMoreComesLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 1, PerKey: 1})
		l.ask("a0", "a", 100)
		l.ask("a1", "a", 100)
		for i := range 12 {
			l.ask(fmt.Sprint("b", i), "b", 10)
		}
		for range 14 {
			l.leave(l.begun[len(l.begun)-1])
		}
		l.want("a0 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 a1 b10 b11")
	})
}

func TestWhatTakesLongerThanItSaidIsChargedAfterwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 1, PerKey: 1})
		l.ask("a0", "a", 1)
		l.ask("b0", "b", 1)
		time.Sleep(time.Second)
		l.leave("a0") // and b0 begins
		l.ask("a1", "a", 1)
		for i := range 3 {
			l.ask(fmt.Sprint("b", i+1), "b", 1)
		}
		for _, next := range []string{"b0", "b1", "b2", "b3", "a1"} {
			l.leave(next)
		}
		l.want("a0 b0 b1 b2 b3 a1")
	})
}

func TestWhatComesFirstWaitsOnlyForWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 1, PerKey: 1})
		for _, key := range []string{"a", "b", ""} { // the last has the key of what comes first
			l.ask(key+"0", key, 10)
			l.ask(key+"1", key, 10)
		}
		l.enter("first", Ask{First: true, Cost: 1})
		l.enter("second", Ask{First: true, Cost: 1})
		for _, next := range []string{"a0", "first", "second", "b0", "0", "a1", "b1", "1"} {
			l.leave(next)
		}
		l.want("a0 first second b0 0 a1 b1 1")
		if len(l.keys) != 0 {
			t.Errorf("%d keys are remembered of whom nobody asks", len(l.keys))
		}
	})
}

func TestTheRestComesBeforeOthersOfItsKeyAndAfterOtherKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 1, PerKey: 1})
		l.ask("a0", "a", 10)
		l.ask("a1", "a", 10)
		l.ask("a2", "a", 10)
		l.ask("b0", "b", 10)
		l.ask("b1", "b", 10)
		l.leave("a0") // and b0 begins
		l.enter("rest of a0", Ask{Key: "a", Cost: 10, Rest: true})
		for _, next := range []string{"b0", "b1", "rest of a0", "a1", "a2"} {
			l.leave(next)
		}
		l.want("a0 b0 b1 rest of a0 a1 a2")
		l.ask("c0", "c", 10)
		l.enter("rest of nothing else", Ask{Key: "a", Cost: 10, Rest: true})
		l.leave("c0")
		l.leave("rest of nothing else")
		l.want("a0 b0 b1 rest of a0 a1 a2 c0 rest of nothing else")
	})
}

func TestATurnTellsWhoseItIs(t *testing.T) {
	t.Parallel()
	turn, err := New(Limits{}, nil).Enter(t.Context(), Ask{Key: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	defer turn.Leave()
	if got := KeyOf(turn.Context(t.Context())); got != "ada" {
		t.Errorf("KeyOf in the turn of ada = %q", got)
	}
	if got := KeyOf(t.Context()); got != "" {
		t.Errorf("KeyOf in nobody's turn = %q", got)
	}
}

func TestAKeyLeavesRoomForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 4, PerKey: 3, Heavy: 1})
		for i := range 5 {
			l.ask(fmt.Sprint("a", i), "a", 10)
		}
		l.ask("b0", "b", 10)
		l.want("a0 a1 a2 b0")
	})
}

func TestHeavyRequestsRunOneOfAKeyAndFewAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 8, Heavy: 2, HeavyCost: 100})
		for i := range 3 {
			l.ask(fmt.Sprint("a", i), "a", 101)
		}
		l.ask("b0", "b", 101)
		l.ask("c0", "c", 101)
		l.ask("light", "a", 100)
		l.want("a0 b0 light")
		l.leave("b0")
		l.want("a0 b0 light c0")
		if got, want := fmt.Sprint(l.Counts()), "[{light 1 0 0} {heavy 2 2 0}]"; got != want {
			t.Errorf("counts: %s, want %s", got, want)
		}
	})
}

func TestWhatIsTooMuchIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 1, PerKey: 1, HeavyCost: 100, HeavyPerKey: 2, WaitingOfKey: 3})
		l.ask("running", "b", 1)
		for i := range 2 {
			l.ask(fmt.Sprint("heavy", i), "a", 101)
		}
		for i := range 3 {
			l.ask(fmt.Sprint("light", i), "a", 100)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		late, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		tests := []struct {
			name string
			ctx  context.Context
			key  string
			cost int
			want string
		}{
			{"one heavy too many", t.Context(), "a", 22_401, "The request costs 22401, and of what is beyond 100 a key may have 2 at a time: wait 1 s, or ask for smaller pages or fewer fields."},
			{"one light too many", t.Context(), "a", 1, "3 requests of this key are waiting, which is the limit: wait 1 s, and send fewer at a time."},
			{"one that has gone", gone, "b", 1, "context canceled"},
			{"one whose time is up", late, "b", 1, "The request waited for 30 s, which is as long as it may, beside 1 others of this key: wait 1 s, and send fewer at a time."},
		}
		for _, tt := range tests {
			_, err := l.Enter(tt.ctx, Ask{Key: tt.key, Cost: tt.cost, Says: "The request costs %d"})
			if err == nil || err.Error() != tt.want {
				t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
			}
			var refused *Refused
			if errors.As(err, &refused) && refused.After != time.Second {
				t.Errorf("%s: to be tried again after %s, want 1s", tt.name, refused.After)
			}
		}
		if got, want := fmt.Sprint(l.Counts()), "[{light 1 3 2} {heavy 0 2 1}]"; got != want {
			t.Errorf("counts: %s, want %s", got, want)
		}
		go func() { _, _ = l.Enter(t.Context(), Ask{Key: "a", Cost: 101, Follow: true}) }()
		synctest.Wait()
		if got, want := l.Counts()[1].Waiting, 3; got != want {
			t.Errorf("%d heavy ones wait with one that follows, want %d", got, want)
		}
	})
}

// Who does not wait as told is not refused as fast as it asks.
func TestWhoTriesAgainTooSoonWaitsForTheRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{HeavyCost: 100, HeavyPerKey: 1})
		l.ask("running", "a", 101)
		began := time.Now()
		for i := range 100 {
			if _, err := l.Enter(t.Context(), Ask{Key: "a", Cost: 101}); err == nil {
				t.Fatalf("the %d. is not refused", i)
			}
		}
		// 32 at once, one that waits for the second to pass; and so on.
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("100 refusals took %s, want 3s", took)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		for range 40 {
			if _, err := l.Enter(gone, Ask{Key: "a", Cost: 101}); err == nil {
				t.Fatal("who has gone is not refused")
			}
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("who has gone was kept until %s, want 3s", took)
		}
	})
}

// Who waits for a plugin holds nobody up, and goes on without waiting: what it
// holds may be what the others wait for.
func TestWhoStandsAsideLetsOthersRunAndGoesOnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, Limits{Running: 1, PerKey: 1})
		l.ask("a0", "a", 1)
		l.ask("b0", "b", 1)
		ctx := l.turns["a0"].Context(t.Context())
		back := Aside(ctx)
		again := Aside(ctx) // two plugins at once
		synctest.Wait()
		l.want("a0 b0")
		again()
		if got := l.Counts()[0].Running; got != 1 {
			t.Errorf("%d run while a0 still waits for a plugin, want 1", got)
		}
		back()
		if got := l.Counts()[0].Running; got != 2 {
			t.Errorf("%d run when a0 goes on, want 2", got)
		}
		l.leave("a0")
		Aside(ctx)() // as what outlives its request may
		l.leave("a0")
		l.leave("b0")
		if got, want := fmt.Sprint(l.Counts()), "[{light 0 0 0} {heavy 0 0 0}]"; got != want {
			t.Errorf("counts: %s, want %s", got, want)
		}
	})
}

func TestManyAtOnceLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	q := New(Limits{Running: 3, PerKey: 2, HeavyCost: 10, HeavyPerKey: 1000}, nil)
	var all sync.WaitGroup
	for i := range 500 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%7 == 0 {
				cancel()
			}
			turn, err := q.Enter(ctx, Ask{Key: fmt.Sprint(i % 5), Cost: i % 20, Follow: i%3 == 0})
			if err != nil {
				return
			}
			Aside(turn.Context(ctx))()
			turn.Leave()
		})
	}
	all.Wait()
	if q.turns != 0 || len(q.keys) != 0 || q.running != [2]int{} || q.waiting != [2]int{} {
		t.Errorf("%d turns of %d keys are left, %v run and %v wait", q.turns, len(q.keys), q.running, q.waiting)
	}
}
