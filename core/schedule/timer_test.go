package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
)

func (w *world) wantTimers(n int) {
	w.t.Helper()
	timers, err := w.store.Timers(w.t.Context(), "loyalty", 1000, "")
	if err != nil || len(timers) != n {
		w.t.Errorf("%d timers are left, %v; want %d: %+v", len(timers), err, n, timers)
	}
}

func TestTimersFireAtTheirTimesInOrder(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.timer("c", 20*time.Second+5*time.Millisecond)
		w.timer("b", 20*time.Second)
		w.timer("a", time.Hour)
		w.timer("past", -time.Hour)
		w.start("a")
		pass(2 * time.Hour)
		w.wantDone("0s a fires past", "20s a fires b", "20.005s a fires c", "1h0m a fires a")
		w.wantTimers(0)
	})
}

func TestATimerThatIsNearerThanTheNextLookFiresInTimeWhenWoken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		a := w.start("a")
		pass(16 * time.Second)
		w.timer("near", 3*time.Second)
		a.Wake()
		a.Wake()
		pass(4 * time.Second)
		w.wantDone("19s a fires near")
	})
}

func TestATimerThatAnotherProcessScheduledFiresWithTheNextLook(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.start("a")
		w.timer("near", time.Second)
		pass(15 * time.Second)
		w.wantDone("15s a fires near")
	})
}

func TestATimerThatFailsFiresAgainLaterAndLaterAndLetsOthersPass(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.behave(nil, func(_ context.Context, _ *world, t core.Timer) error {
			if t.Key == "bad" && t.Attempts < 12 {
				return errors.New("it has no points")
			}
			return nil
		})
		w.timer("bad", time.Second)
		w.timer("good", time.Second+time.Millisecond)
		w.start("a")
		pass(2 * time.Hour)
		w.wantDone("1s a fires bad", "1.001s a fires good",
			"2s a fires bad", "4s a fires bad", "8s a fires bad", "16s a fires bad", "32s a fires bad", "1m4s a fires bad",
			"2m8s a fires bad", "4m16s a fires bad", "8m32s a fires bad", "17m4s a fires bad", "27m4s a fires bad", "37m4s a fires bad")
		w.wantTimers(0)
		w.wantLogged(12, "A timer failed; it fires again.")
	})
}

func TestAPluginThatIsDownUsesUpNoAttempts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.behave(nil, func(context.Context, *world, core.Timer) error {
			return &core.Error{Code: core.Unavailable, Message: "The plugin loyalty is not running."}
		})
		w.timer("first", time.Second)
		w.timer("second", 2*time.Second)
		w.start("a")
		pass(10 * time.Minute)
		if n := len(w.taken()); n < 15 || n > 40 {
			t.Errorf("in ten minutes it was tried %d times; want about 24", n)
		}
		timers, err := w.store.Timers(t.Context(), "loyalty", 10, "")
		if err != nil || len(timers) != 2 || timers[0].Attempts != 0 || timers[0].DueAt.Sub(w.began) != time.Second {
			t.Errorf("the timers are %+v, %v; want them as they were", timers, err)
		}
		w.wantLogged(1, "What is due cannot be done now; it is tried again.")
		w.behave(nil, nil)
		pass(36 * time.Second)
		if done := w.taken(); len(done) != 2 {
			t.Errorf("then %q; want both timers", done)
		}
		w.wantTimers(0)
	})
}

func TestATimerThatIsScheduledAgainWhileItFiresFiresAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.behave(nil, func(_ context.Context, w *world, t core.Timer) error {
			if string(t.Payload) == "" {
				return w.store.Schedule(w.t.Context(), core.Timer{Plugin: "loyalty", Key: t.Key, DueAt: time.Now().Add(time.Minute), Payload: []byte("again")})
			}
			return nil
		})
		w.timer("a", time.Second)
		w.start("a")
		pass(time.Hour)
		w.wantDone("1s a fires a", "1m1s a fires a")
		w.wantTimers(0)
	})
}

func TestATimerThatIsCanceledOrMovedWhileOthersFireDoesNotFire(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.behave(nil, func(_ context.Context, w *world, t core.Timer) error {
			time.Sleep(2 * time.Second)
			return nil
		})
		for _, key := range []string{"a", "canceled", "moved"} {
			w.timer(key, time.Second)
		}
		w.start("a")
		pass(2 * time.Second)
		if _, err := w.store.Cancel(t.Context(), "loyalty", "canceled"); err != nil {
			t.Fatal(err)
		}
		w.timer("moved", time.Minute)
		pass(time.Hour)
		w.wantDone("1s a fires a", "1m2s a fires moved")
	})
}

func TestASlowPluginHoldsUpNothingElse(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@every 1m")
		w.behave(nil, func(context.Context, *world, core.Timer) error { time.Sleep(time.Hour); return nil })
		w.timer("slow", 30*time.Second)
		w.timer("next", time.Minute)
		w.start("a")
		w.start("b")
		pass(59 * time.Second)
		if done := w.taken(); len(done) != 1 {
			t.Errorf("%q; want one timer, since the next one waits for it", done)
		}
		pass(time.Hour)
		if n := len(w.taken()); n != 61 {
			t.Errorf("%d things were done in the next hour; want 60 runs, then the other timer", n)
		}
	})
}

func TestTwoInstancesFireEachTimerOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range 100 {
			w.timer(fmt.Sprint("t", i), time.Duration(i%10)*time.Second)
		}
		w.start("a")
		w.start("b")
		pass(time.Minute)
		if n := len(w.taken()); n != 100 {
			t.Errorf("100 timers fired %d times; want each once", n)
		}
		w.wantTimers(0)
	})
}

func TestAProcessMayDieAfterAnyStepOfATimer(t *testing.T) {
	for step := 1; step <= 20; step++ {
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				fired := map[string]int{}
				w.behave(nil, func(_ context.Context, _ *world, t core.Timer) error { fired[t.Key]++; return nil })
				w.timer("a", time.Second)
				w.timer("b", time.Second)
				w.timer("c", 2*time.Second)
				a := w.start("a")
				a.link.dieAt(step)
				pass(5 * time.Second)
				a.kill()
				w.start("b")
				pass(time.Minute)
				w.wantTimers(0)
				again := 0
				for _, key := range []string{"a", "b", "c"} {
					if fired[key] == 0 {
						t.Errorf("the timer %s did not fire", key)
					}
					again += fired[key] - 1
				}
				if again > 1 {
					t.Errorf("the timers fired %v; want no more than one of them twice", fired)
				}
			})
		})
	}
}
