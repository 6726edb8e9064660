package schedule_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/schedule"
)

// serveFunc is told the instance on which the service runs.
type serveFunc func(ctx context.Context, name string) error

// servesBy says what services do that begin from now on.
func (w *world) servesBy(serve serveFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serve = serve
}

func (w *world) serving() serveFunc {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.serve
}

// mailbox is a service that goes on until its end.
func (w *world) mailbox() {
	w.services = []schedule.Service{{Plugin: "mail", Name: "inbox"}}
}

func TestOneOfSeveralInstancesRunsAService(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		w.start("a")
		w.start("b")
		pass(time.Hour)
		w.wantDone("0s a begins inbox")
	})
}

func TestAServiceIsHandedOverAtOnceWhenItsInstanceStops(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		a := w.start("a")
		w.start("b")
		pass(time.Minute + 300*time.Millisecond)
		w.wantDone("0s a begins inbox")
		a.stop()
		pass(2 * time.Second)
		w.wantDone("1m0.3s a ends inbox", "1m1s b begins inbox")
	})
}

func TestAServiceGoesOnElsewhereWithinTenSecondsAfterAKill(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		a := w.start("a")
		w.start("b")
		pass(time.Minute + 300*time.Millisecond)
		a.kill()
		pass(10 * time.Second)
		w.wantDone("0s a begins inbox", "1m0.3s a ends inbox", "1m8s b begins inbox")
	})
}

func TestAServiceEndsBeforeAnotherInstanceMayRunIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		a := w.start("a")
		w.start("b")
		pass(time.Minute + 300*time.Millisecond)
		a.link.cut(true)
		pass(10 * time.Second)
		w.wantDone("0s a begins inbox", "1m6s a ends inbox", "1m8s b begins inbox")
		a.link.cut(false)
		pass(time.Hour)
		w.wantDone()
	})
}

func TestAServiceThatEndsByItselfBeginsAgainAfterAPauseThatGrows(t *testing.T) {
	for why, end := range map[string]error{"the service returned by itself; it has to go on until its context ends": nil, "no route to the mail server": errors.New("no route to the mail server")} {
		t.Run(why, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.mailbox()
				w.servesBy(func(context.Context, string) error { return end })
				w.start("a")
				pass(2 * time.Minute)
				var begun int
				for _, what := range w.taken() {
					if strings.HasSuffix(what, "begins inbox") {
						begun++
					}
				}
				if begun < 6 || begun > 10 {
					t.Errorf("it began %d times in two minutes; want pauses of 1, 2, 4, 8, 16, 30 seconds", begun)
				}
				w.wantLogged(1, why)
				w.servesBy(nil)
				pass(time.Minute)
				if done := w.taken(); len(done) == 0 || !strings.HasSuffix(done[len(done)-1], "a begins inbox") {
					t.Errorf("when it is well again: %q; want that it goes on", done)
				}
			})
		})
	}
}

func TestAServiceThatFailsOnOneInstanceGoesOnOnAnother(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		w.servesBy(func(ctx context.Context, name string) error {
			if name == "a" {
				return errors.New("no route to the mail server")
			}
			<-ctx.Done()
			return nil
		})
		w.start("a")
		w.start("b")
		pass(time.Minute)
		if done := w.taken(); len(done) == 0 || !strings.HasSuffix(done[len(done)-1], "b begins inbox") {
			t.Errorf("%q; want that b runs it in the end", done)
		}
	})
}

// A process that was paused hears of the end of its context a moment late; the clock
// tells it at once.
func TestAServiceIsSureOfItsLeaseUntilItsContextEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		w.servesBy(func(ctx context.Context, _ string) error {
			for schedule.Sure(ctx) {
				time.Sleep(500 * time.Millisecond)
			}
			w.note("unsure")
			<-ctx.Done()
			return nil
		})
		a := w.start("a")
		pass(time.Minute + 300*time.Millisecond)
		w.wantDone("0s a begins inbox")
		a.link.cut(true)
		pass(10 * time.Second)
		w.wantDone("1m6s unsure", "1m6s a ends inbox")
	})
}

// wantService wants the inbox to stand so, for those who ask the instance.
func (i *instance) wantService(t *testing.T, want core.ServiceRun, but ...cmp.Option) {
	t.Helper()
	want.Plugin, want.Service = "mail", "inbox"
	got, err := i.ServiceRuns(t.Context(), []schedule.Service{{Plugin: "mail", Name: "inbox"}})
	if diff := cmp.Diff([]core.ServiceRun{want}, got, but...); diff != "" || err != nil {
		t.Errorf("where the inbox stands: %v (-want +got):\n%s", err, diff)
	}
}

func TestEveryInstanceTellsWhereAServiceRunsAndWhyItFailed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		at := func(since time.Duration) time.Time { return w.began.Add(since).UTC() }
		w.mailbox()
		a := w.start("a")
		pass(time.Minute)
		b := w.start("b")
		b.wantService(t, core.ServiceRun{State: core.ServiceRunning, Instance: "a", Since: at(0)})
		a.kill()
		pass(7 * time.Second) // its lease is there still
		b.wantService(t, core.ServiceRun{State: core.ServiceRunning, Instance: "a", Since: at(0)})
		pass(3 * time.Second)
		b.wantService(t, core.ServiceRun{State: core.ServiceRunning, Instance: "b", Since: at(68 * time.Second)})
		b.stop()
		w.servesBy(func(context.Context, string) error { return errors.New("no route to the mail server") })
		c := w.start("c")
		failed := core.ServiceRun{State: core.ServiceFailed, Since: at(70 * time.Second), LastError: "no route to the mail server", FailedAt: at(70 * time.Second)}
		c.wantService(t, failed)
		w.servesBy(nil)
		pass(3 * time.Second)
		c.wantService(t, core.ServiceRun{State: core.ServiceRunning, Instance: "c", LastError: failed.LastError, FailedAt: failed.FailedAt},
			cmpopts.IgnoreFields(core.ServiceRun{}, "Since")) // the pause is random
		c.stop()
		c.wantService(t, core.ServiceRun{State: core.ServiceWaiting, LastError: failed.LastError, FailedAt: failed.FailedAt})
	})
}

// A process that was paused goes on long after its lease, as if nothing had been.
func TestAServiceThatOutlivesItsLeaseSaysNothingAboutTheNextRun(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		w.servesBy(func(ctx context.Context, name string) error {
			if name == "b" {
				<-ctx.Done()
				return nil
			}
			time.Sleep(time.Minute)
			if schedule.Sure(ctx) || ctx.Err() == nil {
				t.Error("it is sure of a lease that another has")
			}
			return errors.New("the line was cut")
		})
		a := w.start("a")
		b := w.start("b")
		a.link.cut(true)
		pass(30 * time.Second)
		a.link.cut(false)
		pass(time.Hour)
		w.wantDone("0s a begins inbox", "8s b begins inbox", "1m a ends inbox")
		b.wantService(t, core.ServiceRun{State: core.ServiceRunning, Instance: "b", Since: w.began.Add(8 * time.Second).UTC()})
		w.wantLogged(0, "the line was cut")
	})
}

// That another instance has the lease says nothing about how this one would fare.
func TestThePausesOfAServiceGrowOnEachInstance(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		w.servesBy(func(context.Context, string) error {
			time.Sleep(1500 * time.Millisecond)
			return errors.New("no route to the mail server")
		})
		w.start("a")
		w.start("b")
		pass(time.Hour)
		if begun := len(w.taken()) / 2; begun > 300 {
			t.Errorf("two instances have begun it %d times in an hour; want pauses of half a minute in the end", begun)
		}
		w.wantLogged(2, "What is due cannot be done now")
		w.wantLogged(0, "What was due is done again")
	})
}

func TestAServiceThatHasGoneOnForLongFailsWithASmallPause(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		w.servesBy(func(context.Context, string) error { return errors.New("no route to the mail server") })
		w.start("a")
		pass(5 * time.Minute)
		w.servesBy(func(context.Context, string) error {
			time.Sleep(130 * time.Second)
			return errors.New("the line was cut")
		})
		pass(time.Minute)
		w.wantLogged(0, "What was due is done again")
		pass(2 * time.Minute)
		w.wantLogged(1, "What was due is done again")
		w.taken()
		pass(time.Hour)
		if begun := len(w.taken()) / 2; begun < 26 {
			t.Errorf("it began %d times in an hour; want every 130 seconds, with pauses of about a second", begun)
		}
	})
}

func TestAServiceIsNotCanceledAsAJob(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		a := w.start("a")
		err := a.Cancel(t.Context(), "mail", "service/inbox")
		wantError(t, err, core.NotFound, "The job service/inbox of mail does not run; there is nothing to cancel.")
	})
}

func TestAServiceThatWasAskedToEndBeginsAgainAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mailbox()
		var upgraded bool
		w.servesBy(func(ctx context.Context, _ string) error {
			if !upgraded {
				upgraded = true
				time.Sleep(1500 * time.Millisecond)
				return context.Canceled // its process is to stop
			}
			<-ctx.Done()
			return nil
		})
		a := w.start("a")
		pass(10 * time.Second)
		w.wantDone("0s a begins inbox", "1.5s a ends inbox", "2s a begins inbox")
		a.wantService(t, core.ServiceRun{State: core.ServiceRunning, Instance: "a", Since: w.began.Add(2 * time.Second).UTC()})
	})
}

func TestOnEitherStoreAServiceIsHandedOverWithinTwoSecondsAndNeverRunsTwice(t *testing.T) {
	for name, newDatabase := range map[string]func(t *testing.T) (open func() (shared, error)){"a file": newFile, "MongoDB": newMongo} {
		t.Run(name, func(t *testing.T) { handOver(t, newDatabase(t)) })
	}
}

// handOver has each of three instances run the service, on the real clock, and then stop.
func handOver(t *testing.T, open func() (shared, error)) {
	var running atomic.Int32
	began := make(chan string, 10)
	services := []schedule.Service{{Plugin: "mail", Name: "inbox"}}
	stops := map[string]func(){}
	var asked *schedule.Runner
	for _, holder := range []string{"a", "b", "c"} {
		store, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		asked = &schedule.Runner{
			Store: store, Holder: holder, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Jobs:     func(context.Context) []schedule.Job { return nil },
			Plugins:  func() []string { return nil },
			Services: func() []schedule.Service { return services },
			RunService: func(ctx context.Context, _ schedule.Service) error {
				if n := running.Add(1); n != 1 {
					t.Errorf("%d instances run it", n)
				}
				defer running.Add(-1)
				began <- holder
				<-ctx.Done()
				return nil
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func(r *schedule.Runner) { defer close(ended); r.Run(ctx) }(asked)
		stops[holder] = func() { cancel(); <-ended }
		t.Cleanup(stops[holder])
	}
	for range stops {
		holder := <-began
		at, err := asked.ServiceRuns(t.Context(), services)
		if err != nil || len(at) != 1 || at[0].State != core.ServiceRunning || at[0].Instance != holder {
			t.Errorf("while %s runs it: %+v, %v", holder, at, err)
		}
		stopping := time.Now()
		stops[holder]()
		delete(stops, holder)
		if len(stops) == 0 {
			return
		}
		next := <-began
		if taken := time.Since(stopping); taken > 2*time.Second {
			t.Errorf("%s began it %s after %s stopped; want two seconds at most", next, taken, holder)
		}
		began <- next
	}
}
