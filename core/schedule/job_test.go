package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/schedule"
)

// long is a job that takes ninety minutes, unless it is told to stop.
func long(ctx context.Context, w *world, _ core.JobRun, _ func(core.Progress)) error {
	select {
	case <-time.After(90 * time.Minute):
		w.note("done")
		return nil
	case <-ctx.Done():
		w.note("stops: " + context.Cause(ctx).Error())
		return ctx.Err()
	}
}

func TestAJobRunsAtItsTimes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@every 10m")
		w.job("count", "15 * * * *")
		w.start("a")
		pass(25 * time.Minute)
		w.wantDone("10m a runs expire", "15m a runs count", "20m a runs expire")
		r := w.wantRun("expire", core.Succeeded, "")
		if since := r.NextAt.Sub(w.began); since != 30*time.Minute {
			t.Errorf("the next run is after %s; want 30m", since)
		}
		if want := "loyalty/expire@2000-01-01T00:20:00.000Z"; r.ID() != want {
			t.Errorf("the run is %s; want %s", r.ID(), want)
		}
	})
}

func TestOneOfSeveralInstancesRunsAJob(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@every 10m")
		for _, name := range []string{"a", "b", "c"} {
			w.start(name)
		}
		pass(time.Hour + time.Minute)
		var times []string
		for _, what := range w.taken() {
			times = append(times, strings.Fields(what)[0])
		}
		if want := []string{"10m", "20m", "30m", "40m", "50m", "1h0m"}; !slices.Equal(times, want) {
			t.Errorf("the job ran after %v; want %v", times, want)
		}
	})
}

func TestInstancesWhoseClocksDifferRunAndFireNothingTwice(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@every 10m")
		w.timer("a", 5*time.Minute)
		w.startSkewed("slow", -time.Minute)
		w.start("right")
		w.startSkewed("fast", time.Minute)
		pass(25 * time.Minute)
		// The job is planned by the clock of the slow one, which looked first.
		w.wantDone("4m fast fires a", "8m fast runs expire", "18m fast runs expire")
	})
}

func TestAJobWhoseTimePassedWhileAllWasDownRunsOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.start("a").stop()
		pass(5*time.Hour + 30*time.Minute)
		w.start("b")
		w.wantDone("5h30m b runs expire")
		if r := w.wantRun("expire", core.Succeeded, ""); r.Planned.Sub(w.began) != time.Hour {
			t.Errorf("the run was planned for %s; want the first time that it missed", r.Planned)
		}
		pass(31 * time.Minute)
		w.wantDone("6h0m b runs expire")
	})
}

func TestAJobThatRunsIsNotStartedAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.behave(long, nil)
		a, b := w.start("a"), w.start("b")
		pass(time.Hour + time.Minute)
		if done := w.taken(); len(done) != 1 {
			t.Errorf("%q; want one run", done)
		}
		for _, i := range []*instance{a, b} {
			wantError(t, i.RunNow(t.Context(), "loyalty", "expire"), core.Conflict, "The job expire of loyalty runs already. Wait until it is finished, or cancel it.")
		}
		pass(90 * time.Minute)
		w.wantDone("2h30m done")
		pass(30 * time.Minute) // two o'clock is not made up for
		if done := w.taken(); len(done) != 1 || !strings.HasPrefix(done[0], "3h0m ") {
			t.Errorf("then %q; want a run at three", done)
		}
	})
}

func TestARunThatWasCutOffBeginsAgainAsTheSameRun(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		var ids []string
		w.behave(func(ctx context.Context, w *world, r core.JobRun, report func(core.Progress)) error {
			ids = append(ids, r.ID())
			return long(ctx, w, r, report)
		}, nil)
		a := w.start("a")
		pass(time.Hour + 5*time.Second)
		w.wantDone("1h0m a runs expire")
		a.kill()
		w.wantRun("expire", core.Running, "")
		w.start("b")
		w.wantDone("1h0m5s stops: context canceled") // the lease of a is not over
		pass(45 * time.Second)
		w.wantDone("1h0m35s b runs expire")
		pass(100 * time.Minute)
		w.wantDone("2h30m35s done")
		w.wantRun("expire", core.Succeeded, "")
		if len(ids) != 2 || ids[0] != ids[1] {
			t.Errorf("the runs are %v; want the same twice", ids)
		}
	})
}

func TestAnInstanceThatEndsInOrderHandsItsRunOver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.behave(long, nil)
		a := w.start("a")
		pass(time.Hour)
		a.stop()
		w.start("b")
		w.wantDone("1h0m a runs expire", "1h0m stops: context canceled", "1h0m b runs expire")
	})
}

func TestARunStopsBeforeAnotherInstanceCanTakeIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.behave(long, nil)
		a := w.start("a")
		pass(time.Hour + time.Minute)
		w.wantDone("1h0m a runs expire")
		a.link.cut(true)
		w.start("b")
		pass(5 * time.Minute)
		// The last renewal was after 1h1m: 25 seconds to stop, 30 until b may.
		done := w.taken()
		if len(done) != 2 || done[0] != "1h1m25s stops: the lease was lost; another instance may do it now" || !strings.HasSuffix(done[1], " b runs expire") {
			t.Errorf("after the link was cut: %q; want that a stops, then that b runs it", done)
		}
		a.link.cut(false)
		pass(100 * time.Minute)
		w.wantRun("expire", core.Succeeded, "")
	})
}

// Three instances, of which the one that runs the job and fires the timer stands
// still, and goes on when another has done both.
func TestAnInstanceThatStandsStillLongerThanItsLeaseDoesNothingTwice(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.timer("points", time.Hour)
		goOn, ids := make(chan struct{}), map[string]int{}
		still := func(id string) {
			w.mu.Lock()
			ids[id]++
			first := ids[id] == 1
			w.mu.Unlock()
			if first {
				<-goOn // and then says that all went well
			}
		}
		w.behave(
			func(_ context.Context, _ *world, r core.JobRun, _ func(core.Progress)) error {
				still(r.ID())
				return nil
			},
			func(_ context.Context, _ *world, t core.Timer) error { still(t.Key); return nil },
		)
		a := w.start("a")
		pass(time.Hour)
		if done := strings.Join(w.taken(), ", "); !strings.Contains(done, "1h0m a runs expire") || !strings.Contains(done, "1h0m a fires points") {
			t.Fatalf("the first has begun %q; want both", done)
		}
		a.link.cut(true) // it renews nothing either
		w.start("b")
		w.start("c")
		pass(29 * time.Second)
		w.wantDone()
		pass(16 * time.Second) // when they look the next time
		if done := w.taken(); len(done) != 2 || strings.Contains(strings.Join(done, " "), " a ") {
			t.Errorf("when the leases have ended: %q; want the job and the timer, by the others", done)
		}
		w.wantTimers(0)
		after := w.wantRun("expire", core.Succeeded, "")

		a.link.cut(false)
		close(goOn)
		pass(30 * time.Minute)
		w.wantDone()
		w.wantTimers(0)
		if r := w.wantRun("expire", core.Succeeded, ""); r != after {
			t.Errorf("the one that stood still makes %+v of %+v", r, after)
		}
		pass(30 * time.Minute)
		if done := w.taken(); len(done) != 1 {
			t.Errorf("at two: %q; want one run", done)
		}
		if len(ids) != 3 {
			t.Errorf("the runs and timers are %v; want that both were the same when they began again", ids)
		}
	})
}

func TestAJobThatFailedWaitsForItsNextTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.behave(func(_ context.Context, _ *world, _ core.JobRun, report func(core.Progress)) error {
			report(core.Progress{Done: 3, Total: 7, Note: "three"})
			return errors.New("it has no points")
		}, nil)
		w.start("a")
		pass(90 * time.Minute)
		w.wantDone("1h0m a runs expire")
		r := w.wantRun("expire", core.Failed, "it has no points")
		if want := (core.Progress{Done: 3, Total: 7, Note: "three"}); r.Progress != want {
			t.Errorf("its progress is %+v; want %+v", r.Progress, want)
		}
		w.wantLogged(1, "A job has not succeeded.")
		w.behave(nil, nil)
		pass(time.Hour)
		w.wantDone("2h0m a runs expire")
		w.wantRun("expire", core.Succeeded, "")
	})
}

func TestAJobWhosePluginIsDownWaitsForIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.behave(func(context.Context, *world, core.JobRun, func(core.Progress)) error {
			return &core.Error{Code: core.Unavailable, Message: "The plugin loyalty is not running."}
		}, nil)
		w.start("a")
		pass(time.Hour + 10*time.Minute)
		if n := len(w.taken()); n < 15 || n > 40 {
			t.Errorf("in ten minutes it was tried %d times; want about 24", n)
		}
		planned := w.wantRun("expire", core.Waiting, "The plugin loyalty is not running.").Planned
		w.wantLogged(1, "What is due cannot be done now; it is tried again.")
		w.behave(nil, nil)
		pass(36 * time.Second)
		if r := w.wantRun("expire", core.Succeeded, ""); !r.Planned.Equal(planned) {
			t.Errorf("it is the run of %s; want the one of %s", r.Planned, planned)
		}
		w.wantLogged(1, "What was due is done again.")
	})
}

func TestARunningJobIsCanceledFromAnyInstance(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.behave(long, nil)
		w.start("a")
		pass(time.Hour)
		b := w.start("b")
		if err := b.Cancel(t.Context(), "loyalty", "expire"); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		w.wantDone("1h0m a runs expire", "1h0m2s stops: the job was canceled")
		w.wantRun("expire", core.Canceled, "context canceled")
		pass(30 * time.Minute)
		w.wantDone()
		wantError(t, b.Cancel(t.Context(), "loyalty", "expire"), core.NotFound, "The job expire of loyalty does not run; there is nothing to cancel.")
		pass(30 * time.Minute)
		if done := w.taken(); len(done) != 1 || !strings.HasPrefix(done[0], "2h0m ") {
			t.Errorf("then %q; want a run at two", done)
		}
	})
}

func TestACanceledRunThatWasCutOffDoesNotBeginAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		w.behave(long, nil)
		a := w.start("a")
		pass(time.Hour)
		a.kill()
		b := w.start("b")
		if err := b.Cancel(t.Context(), "loyalty", "expire"); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		w.wantDone("1h0m a runs expire", "1h0m stops: context canceled")
		w.wantRun("expire", core.Canceled, "the job was canceled")
	})
}

func TestAJobRunsNowWhenItIsAskedTo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		a := w.start("a")
		pass(time.Minute)
		for range 2 {
			if err := a.RunNow(t.Context(), "loyalty", "expire"); err != nil {
				t.Fatal(err)
			}
			pass(time.Minute)
		}
		w.wantDone("1m a runs expire", "2m a runs expire")
		pass(time.Hour)
		w.wantDone("1h0m a runs expire")
		wantError(t, a.RunNow(t.Context(), "loyalty", "expyre"), core.NotFound, "The plugin loyalty has no job expyre, or does not run.")
	})
}

func TestAJobWhoseScheduleHasChangedIsPlannedAnew(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "0 12 * * *")
		w.start("a").stop()
		pass(13 * time.Hour)
		w.jobs = nil
		w.job("expire", "0 11 * * *")
		w.start("b")
		pass(21 * time.Hour) // twelve and eleven o'clock of the first day are not made up for
		w.wantDone()
		pass(2 * time.Hour)
		w.wantDone("35h0m b runs expire")
	})
}

func TestAProcessMayDieAfterAnyStepOfAJob(t *testing.T) {
	for step := 1; step <= 12; step++ {
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.job("expire", "@hourly")
				a := w.start("a")
				pass(time.Hour - time.Second)
				a.link.dieAt(step)
				pass(5 * time.Second)
				a.kill()
				w.start("b")
				pass(time.Minute)
				if done := w.taken(); len(done) < 1 || len(done) > 2 {
					t.Errorf("the job ran %d times; want once, or twice when it was not noted: %q", len(done), done)
				}
				w.wantRun("expire", core.Succeeded, "")
				pass(time.Hour)
				w.wantDone("2h0m b runs expire")
			})
		})
	}
}

func TestAStoreThatIsAwayIsWaitedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.job("expire", "@hourly")
		a := w.start("a")
		a.link.cut(true)
		pass(2 * time.Hour)
		w.wantDone()
		w.wantLogged(1, "No job or timer begins until the store answers; none is lost.")
		a.link.cut(false)
		pass(30 * time.Second)
		if done := w.taken(); len(done) != 1 {
			t.Errorf("then %q; want one run", done)
		}
		w.wantLogged(1, "Jobs and timers go on.")
	})
}

// The core does once what is due, and again when something else is.
func TestAJobWithoutAScheduleRunsOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.has(schedule.Job{Plugin: "core:forms", Name: "forms", Once: "forms 1"})
		w.start("a")
		b := w.start("b")
		pass(time.Minute)
		if done := w.taken(); len(done) != 1 {
			t.Errorf("it was done %q; want once, at once", done)
		}
		if r := w.wantRun("forms", core.Succeeded, ""); r.Schedule != "once: forms 1" || !r.NextAt.IsZero() {
			t.Errorf("the run is %+v", r)
		}
		pass(3 * time.Hour)
		w.wantDone()
		if err := b.RunNow(t.Context(), "core:forms", "forms"); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		if done := w.taken(); len(done) != 1 {
			t.Errorf("asked for, it was done %q", done)
		}

		w.behave(func(context.Context, *world, core.JobRun, func(core.Progress)) error {
			return errors.New("a bad record")
		}, nil)
		w.has(schedule.Job{Plugin: "core:forms", Name: "forms", Once: "forms 2"})
		pass(time.Minute)
		if done := w.taken(); len(done) != 1 {
			t.Errorf("for something else it was done %q", done)
		}
		w.wantRun("forms", core.Failed, "a bad record")
		w.behave(long, nil)
		pass(time.Hour)
		if done := w.taken(); len(done) != 1 {
			t.Errorf("an hour after it has failed it was done %q", done)
		}
		if err := b.Cancel(t.Context(), "core:forms", "forms"); err != nil {
			t.Fatal(err)
		}
		pass(3 * time.Hour)
		if done := w.taken(); len(done) != 1 || !strings.HasSuffix(done[0], "stops: the job was canceled") {
			t.Errorf("after it was canceled it was done %q", done)
		}
		w.wantRun("forms", core.Canceled, "context canceled")
	})
}
