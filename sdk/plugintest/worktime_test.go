package plugintest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

const (
	office = "calendar: office\nzone: Europe/Berlin\nhours: {mon-fri: [09:00-17:00]}\n"
	night  = "calendar: night\nzone: America/New_York\nhours: {daily: [22:00-06:00]}\n"
)

var cases = fstest.MapFS{"case.yaml": {Data: []byte(`
entity: case
fields:
  clock:
    type: object
    fields:
      calendar: {type: text}
      target: {type: integer}
      consumed: {type: integer}
      runningSince: {type: datetime}
`)}}

// zones are read once: a test reads them for every minute.
var zones = map[string]*time.Location{}

// open looks at the wall.
func open(t *testing.T, calendar string, at time.Time) bool {
	zone, from, to := "Europe/Berlin", 9, 17
	if calendar == "night" {
		zone, from, to = "America/New_York", 22, 6
	}
	if zones[zone] == nil {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		zones[zone] = location
	}
	local := at.In(zones[zone])
	if calendar == "night" {
		return local.Hour() >= from || local.Hour() < to
	}
	return local.Weekday() != time.Saturday && local.Weekday() != time.Sunday && local.Hour() >= from && local.Hour() < to
}

// withHost lets do be the handler of a mutation.
func withHost(t *testing.T, do func(ctx context.Context, host sdk.Host) error) error {
	t.Helper()
	h := plugintest.Start(t, sdk.Plugin{
		Name: "desk", Version: "1", Entities: cases, PartyData: sdk.OnlyRecords(),
		Operations: []sdk.Operation{sdk.Mutation("play", func(ctx context.Context, host sdk.Host, _ struct{}) (bool, error) { return true, do(ctx, host) })},
	})
	h.SetCalendars(office, night)
	_, err := h.Call("play", nil)
	return err
}

// TestAClockKeepsWhatItHasConsumed plays a clock at random, over both changes of the
// clock on the wall, and counts along minute by minute.
func TestAClockKeepsWhatItHasConsumed(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	err := withHost(t, func(ctx context.Context, host sdk.Host) error {
		stored, err := host.Create(ctx, &sdk.Record{Entity: "case", Values: map[string]any{"clock": sdk.Clock{Calendar: "office", Target: 8 * time.Hour}.Value()}})
		if err != nil {
			return err
		}
		at, consumed := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), time.Duration(0)
		for at.Month() < time.May {
			c := stored.Clock("clock")
			for range r.IntN(1500) {
				if c.Running() && open(t, c.Calendar, at) {
					consumed += time.Minute
				}
				at = at.Add(time.Minute)
			}
			used, _ := c.Used(ctx, host, at)
			left, err := c.Left(ctx, host, at)
			if err != nil || used != consumed || used+left != c.Target {
				return fmt.Errorf("at %s the clock %+v has used %s, with %s left (%w); counted: %s", at, c, used, left, err, consumed)
			}
			if err := dueAsCounted(ctx, t, host, c, at, consumed); err != nil {
				return err
			}
			switch r.IntN(4) {
			case 0:
				c, err = c.Pause(ctx, host, at)
			case 1, 2:
				c = c.Resume(at)
			default:
				c.Target = time.Duration(r.IntN(100)) * time.Hour
				c, err = c.Move(ctx, host, at, []string{"office", "night"}[r.IntN(2)])
			}
			if err != nil {
				return err
			}
			stored.Values["clock"] = c.Value()
			if stored, err = host.Update(ctx, stored); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// dueAsCounted holds a warning against the minute at which so much is used up.
func dueAsCounted(ctx context.Context, t *testing.T, host sdk.Host, c sdk.Clock, at time.Time, consumed time.Duration) error {
	due, err := c.DueAt(ctx, host, 80)
	want, goal := time.Time{}, c.Target*8/10
	switch {
	case !c.Running() || consumed >= goal:
		return err // it is paused, or the warning lies behind
	default:
		for want = at; consumed < goal; want = want.Add(time.Minute) {
			if open(t, c.Calendar, want) {
				consumed += min(time.Minute, goal-consumed)
			}
		}
	}
	if err != nil || due.After(want) || want.Sub(due) >= time.Minute {
		return fmt.Errorf("80 %% of %+v are used up at %s (%w); counted: %s", c, due, err, want)
	}
	return nil
}

func TestWhatIsAskedOfACalendar(t *testing.T) {
	var said []string
	friday := time.Date(2026, 6, 12, 14, 0, 0, 0, time.UTC)
	err := withHost(t, func(ctx context.Context, host sdk.Host) error {
		due, err := host.DueAfter(ctx, "office", friday, 2*time.Hour)
		said = append(said, fmt.Sprint(due, err))
		work, err := host.WorkTime(ctx, "office", due, friday)
		said = append(said, fmt.Sprint(work, err))
		next, err := host.NextOpen(ctx, "office", friday.Add(2*time.Hour))
		said = append(said, fmt.Sprint(next, err))
		paused, err := sdk.Clock{Calendar: "office", Target: time.Hour}.DueAt(ctx, host, 100)
		said = append(said, fmt.Sprint(paused.IsZero(), err))
		_, err = host.DueAfter(ctx, "office", friday, -time.Hour)
		said = append(said, err.Error())
		_, err = host.WorkTime(ctx, "ofice", friday, due)
		return err
	})
	want := []string{
		"2026-06-15 08:00:00 +0000 UTC <nil>", "-2h0m0s <nil>", "2026-06-15 07:00:00 +0000 UTC <nil>", "true <nil>",
		"The working time cannot be counted: -3600000 milliseconds are less than none; working time is counted forward.",
	}
	if fmt.Sprint(said) != fmt.Sprint(want) {
		t.Errorf("got %q\nwant %q", said, want)
	}
	if want := `The working time cannot be counted: there is no calendar "ofice"; did you mean "office"?`; err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}

func TestAClockWhoseCalendarIsGoneGoesOnByAnother(t *testing.T) {
	monday := time.Date(2026, 6, 15, 7, 0, 0, 0, time.UTC) // 9 in Berlin
	gone := sdk.Clock{Calendar: "gone", Target: 8 * time.Hour, Consumed: time.Hour}
	err := withHost(t, func(ctx context.Context, host sdk.Host) error {
		at := monday.Add(2 * time.Hour)
		const want = `The working time cannot be counted: there is no calendar "gone"; there are ["office" "night"].`
		running := gone.Resume(monday)
		if same, err := running.Move(ctx, host, at, "office"); err == nil || err.Error() != want || same != running {
			t.Errorf("it is moved to %+v, %v; want %s", same, err, want)
		}
		running.Calendar = "office"
		if used, err := running.Used(ctx, host, at); err != nil || used != 3*time.Hour {
			t.Errorf("by another one it has used %s, %v", used, err)
		}
		moved, err := gone.Move(ctx, host, at, "office")
		if moved.Calendar != "office" || moved.Consumed != time.Hour || moved.Running() {
			t.Errorf("a paused one is moved to %+v", moved)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
