package plugintest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// logbook is a plugin that writes down what it is asked to do.
type logbook struct {
	lines []string
	fails map[string]int // how often a line is to fail
}

func (l *logbook) write(format string, args ...any) error {
	line := fmt.Sprintf(format, args...)
	l.lines = append(l.lines, line)
	if l.fails[line] > 0 {
		l.fails[line]--
		return errors.New("not now")
	}
	return nil
}

var task = fstest.MapFS{"ticket.yaml": {Data: []byte("entity: ticket\nfields:\n  title: {type: text, search: true, index: true}\n  code: {type: text, unique: true}\n  hours: {type: integer, index: true}\n")}}

func (l *logbook) plugin() sdk.Plugin {
	return sdk.Plugin{
		Name: "logbook", Version: "1.0.0", Entities: task,
		Operations: []sdk.Operation{
			sdk.Mutation("remind", func(ctx context.Context, host sdk.Host, in struct {
				Key   string    `json:"key"`
				DueAt time.Time `json:"dueAt"`
			}) (bool, error) {
				return true, host.Schedule(ctx, sdk.Timer{Name: "reminder", Key: in.Key, DueAt: in.DueAt, Payload: map[string]any{"text": "Call " + in.Key}})
			}),
		},
		Events: []sdk.Subscription{
			sdk.On("ticket.created", func(_ context.Context, _ sdk.Host, e *sdk.Event) error {
				return l.write("event %s attempt %d", e.ID, e.Attempt)
			}),
			sdk.On("ticket.*", func(_ context.Context, _ sdk.Host, e *sdk.Event) error { return l.write("event %s", e.ID) }),
		},
		Timers: map[string]sdk.TimerFunc{"reminder": func(_ context.Context, _ sdk.Host, t *sdk.Timer) error {
			var payload struct{ Text string }
			if err := t.Read(&payload); err != nil {
				return err
			}
			return l.write("timer %s of %s: %s", t.Key, t.DueAt.Format(time.TimeOnly), payload.Text)
		}},
		Jobs: []sdk.Job{
			sdk.Cron("sweep", "@every 10m", func(_ context.Context, _ sdk.Host, run *sdk.JobRun) error {
				return l.write("job %s of %s", run.ID, run.Planned.Format(time.TimeOnly))
			}),
		},
	}
}

func TestAdvanceCarriesOutWhatIsDueInOrder(t *testing.T) {
	l := &logbook{}
	h := plugintest.Start(t, l.plugin())
	remind := func(key string, in time.Duration) {
		t.Helper()
		if _, err := h.Call("remind", map[string]any{"key": key, "dueAt": h.Now().Add(in)}); err != nil {
			t.Fatal(err)
		}
	}
	remind("Ben", 15*time.Minute)
	remind("Anna", 5*time.Minute)
	remind("Cleo", time.Hour)
	remind("Anna", 10*time.Minute) // moves it
	if _, err := h.Save(&sdk.Record{Entity: "ticket"}); err != nil {
		t.Fatal(err)
	}
	h.Advance(20 * time.Minute)
	want := []string{
		"event ticket/ticket-001/1 attempt 1",
		"timer Anna of 03:14:05: Call Anna", "job sweep-001 of 03:14:05", "timer Ben of 03:19:05: Call Ben", "job sweep-002 of 03:24:05",
	}
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("carried out (-want +got):\n%s", diff)
	}
	if got, want := h.Now(), time.Date(2026, 1, 2, 3, 24, 5, 0, time.UTC); !got.Equal(want) {
		t.Errorf("the clock shows %s, want %s", got, want)
	}
}

func TestAJobRunsByTheClockOfItsTimeZone(t *testing.T) {
	var got []string
	h := plugintest.Start(t, sdk.Plugin{Name: "greeter", Version: "1", Jobs: []sdk.Job{
		sdk.Cron("greet", "0 9 * * 1-5", func(_ context.Context, _ sdk.Host, run *sdk.JobRun) error {
			got = append(got, run.Planned.Format(time.DateTime))
			return nil
		}).In("Europe/Berlin"),
	}})
	h.Advance(5 * 24 * time.Hour) // from Friday morning to Wednesday morning
	if diff := cmp.Diff([]string{"2026-01-02 08:00:00", "2026-01-05 08:00:00", "2026-01-06 08:00:00"}, got); diff != "" {
		t.Errorf("runs at 9 o'clock in Berlin (-want +got):\n%s", diff)
	}
}

func TestATimerThatFailsIsFiredAgainLater(t *testing.T) {
	const fired = "timer Anna of 03:04:06: Call Anna"
	l := &logbook{fails: map[string]int{fired: 2}}
	h := plugintest.Start(t, l.plugin())
	if _, err := h.Call("remind", map[string]any{"key": "Anna", "dueAt": h.Now().Add(time.Second)}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		want  int // how often it has been fired by then
	}{{999 * time.Millisecond, 0}, {time.Millisecond, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {1999 * time.Millisecond, 2}, {time.Millisecond, 3}, {5 * time.Minute, 3}} {
		h.Advance(step.after)
		if len(l.lines) != step.want {
			t.Fatalf("at %s it was fired %d times, want %d", h.Now(), len(l.lines), step.want)
		}
	}
}

func TestAJobThatFailsReturnsItsError(t *testing.T) {
	l := &logbook{fails: map[string]int{"job sweep-001 of 03:04:05": 1}}
	h := plugintest.Start(t, l.plugin())
	const want = "The plugin made a mistake: run the job sweep: not now"
	if err := h.RunJob("sweep"); err == nil || err.Error() != want {
		t.Errorf("the first run: %v, want %s", err, want)
	}
	if err := h.RunJob("sweep"); err != nil {
		t.Errorf("the second run: %v", err)
	}
}

func TestAScheduleThatCannotBeReadEndsTheTest(t *testing.T) {
	idle := func(context.Context, sdk.Host, *sdk.JobRun) error { return nil }
	tests := map[string]struct {
		job  sdk.Job
		want string
	}{
		"too few fields": {sdk.Cron("sweep", "0 9 *", idle), `the job sweep: the schedule "0 9 *" cannot be read: expected exactly 5 fields, found 3: [0 9 *]; write five fields (minute hour day month weekday), @hourly, @daily, @weekly, @monthly, @yearly, or for example @every 10m`},
		"never":          {sdk.Cron("sweep", "0 9 30 2 *", idle), `the job sweep: the schedule "0 9 30 2 *" never comes: there is no such day`},
		"nowhere":        {sdk.Cron("sweep", "@daily", idle).In("Berlin"), `the job sweep: the time zone "Berlin" is not known; write it as in the IANA list, for example Europe/Berlin`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := fatal(t, func(t testing.TB) {
				plugintest.Start(t, sdk.Plugin{Name: "logbook", Version: "1", Jobs: []sdk.Job{tt.job}})
			})
			if got != tt.want {
				t.Errorf("the test ends with %s\nwant %s", got, tt.want)
			}
		})
	}
}
