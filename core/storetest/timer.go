package storetest

import (
	"context"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
)

// Timers are kept until they have fired.
type Timers interface {
	// Schedule sets a timer, in place of the one with its key. Its Rev and
	// Attempts are the store's to set: Rev grows, also over a Cancel.
	Schedule(ctx context.Context, t core.Timer) error

	// Cancel removes a timer and says whether there was one.
	Cancel(ctx context.Context, plugin, key string) (canceled bool, err error)

	// DueTimers returns a plugin's timers that are due at now, at most limit
	// of them, the longest due first.
	DueTimers(ctx context.Context, plugin string, now time.Time, limit int) ([]core.Timer, error)

	// DoneTimer removes a timer that has fired, unless it was scheduled again
	// in the meantime.
	DoneTimer(ctx context.Context, plugin, key string, rev int64) error

	// PostponeTimer counts an attempt that failed and lets the timer be due
	// again later, unless it was scheduled again in the meantime.
	PostponeTimer(ctx context.Context, plugin, key string, rev int64, due time.Time) error

	// Timers lists a plugin's timers by their keys: at most first of them,
	// those after afterKey ("" for from the beginning).
	Timers(ctx context.Context, plugin string, first int, afterKey string) ([]core.Timer, error)
}

func timerTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a timer comes back as it was scheduled":         timersWhole,
		"timers are due in order, each plugin's alone":   timersDue,
		"timers are listed by key, a page at a time":     timersListed,
		"a timer is replaced by its key":                 timersReplaced,
		"a canceled timer is gone":                       timersCanceled,
		"a timer scheduled while it fires survives":      timersSurvive,
		"a postponed timer counts its attempts":          timersPostponed,
		"a timer that no store can take is not accepted": timersRefused,
	}
}

func (d *desk) schedule(plugin, key string, due time.Time, payload string) {
	d.t.Helper()
	if err := d.Schedule(d.ctx, core.Timer{Plugin: plugin, Key: key, DueAt: due, Payload: []byte(payload)}); err != nil {
		d.t.Fatalf("Schedule(%s, %s): %v", plugin, key, err)
	}
}

func (d *desk) due(plugin string, now time.Time, limit int) []core.Timer {
	d.t.Helper()
	timers, err := d.DueTimers(d.ctx, plugin, now, limit)
	if err != nil {
		d.t.Fatalf("DueTimers(%s): %v", plugin, err)
	}
	return timers
}

func (d *desk) cancel(key string, want bool) {
	d.t.Helper()
	if canceled, err := d.Cancel(d.ctx, "complaints", key); err != nil || canceled != want {
		d.t.Errorf("Cancel(%s) = %v, %v; want %v", key, canceled, err, want)
	}
}

// only returns the one timer that there is.
func (d *desk) only() core.Timer {
	d.t.Helper()
	timers, err := d.Timers(d.ctx, "complaints", 10, "")
	if err != nil || len(timers) != 1 {
		d.t.Fatalf("Timers = %+v, %v; want one", timers, err)
	}
	return timers[0]
}

func keysOf(timers []core.Timer) string {
	var keys []string
	for _, t := range timers {
		keys = append(keys, t.Key)
	}
	return strings.Join(keys, " ")
}

func timersWhole(d *desk) {
	at := d.now()
	for _, payload := range [][]byte{nil, {}, []byte("$due {}"), {0, 255}} {
		want := core.Timer{Plugin: "complaints", Key: "$remind/ü.1", DueAt: at, Payload: payload, Attempts: 7, Rev: 7}
		if err := d.Schedule(d.ctx, want); err != nil {
			d.t.Fatal(err)
		}
		got := d.only()
		if got.Rev == 0 {
			d.t.Error("the timer has no revision")
		}
		want.Attempts, want.Rev = 0, got.Rev
		d.same("timer", got, want)
	}
}

func timersDue(d *desk) {
	at := d.now()
	d.schedule("complaints", "b", at.Add(2*time.Millisecond), "")
	d.schedule("complaints", "d", at, "")
	d.schedule("complaints", "c", at, "")
	d.schedule("complaints", "a", at.Add(3*time.Millisecond), "")
	d.schedule("complaint", "other", at, "")
	d.schedule("complaints0", "other", at, "")
	for _, tt := range []struct {
		after time.Duration
		limit int
		want  string
	}{
		{-1, 9, ""}, {0, 9, "c d"}, {2, 9, "c d b"}, {9, 9, "c d b a"}, {9, 2, "c d"},
	} {
		if got := keysOf(d.due("complaints", at.Add(tt.after*time.Millisecond), tt.limit)); got != tt.want {
			d.t.Errorf("due after %d ms, at most %d: %q; want %q", tt.after, tt.limit, got, tt.want)
		}
	}
}

func timersListed(d *desk) {
	at := d.now()
	for _, key := range []string{"b", "a/1", "c", "a"} {
		d.schedule("complaints", key, at, "")
	}
	d.schedule("complaint", "z", at, "")
	d.schedule("complaints2", "z", at, "")
	for _, tt := range []struct {
		first int
		after string
		want  string
	}{
		{9, "", "a a/1 b c"}, {2, "", "a a/1"}, {2, "a/1", "b c"}, {2, "c", ""}, {9, "aa", "b c"},
	} {
		timers, err := d.Timers(d.ctx, "complaints", tt.first, tt.after)
		if got := keysOf(timers); err != nil || got != tt.want {
			d.t.Errorf("Timers(%d, after %q) = %q, %v; want %q", tt.first, tt.after, got, err, tt.want)
		}
	}
}

func timersReplaced(d *desk) {
	d.schedule("complaints", "a", d.now(), "first")
	first := d.only()
	later := d.now()
	d.schedule("complaints", "a", later, "second")
	second := d.only()
	if second.Rev <= first.Rev {
		d.t.Errorf("the second revision is %d, the first %d; want it greater", second.Rev, first.Rev)
	}
	d.same("timer", second, core.Timer{Plugin: "complaints", Key: "a", DueAt: later, Payload: []byte("second"), Rev: second.Rev})
}

func timersCanceled(d *desk) {
	d.schedule("complaints", "a", d.now(), "")
	d.cancel("b", false)
	d.cancel("a", true)
	d.cancel("a", false)
	d.same("timers", d.due("complaints", d.now(), 9), []core.Timer{})
}

func timersSurvive(d *desk) {
	at := d.now()
	for name, again := range map[string]func(){
		"scheduled again":              func() { d.schedule("complaints", "a", at, "new") },
		"canceled and scheduled again": func() { d.cancel("a", true); d.schedule("complaints", "a", at, "new") },
	} {
		d.schedule("complaints", "a", at, "old")
		firing := d.only()
		again()
		if err := d.PostponeTimer(d.ctx, "complaints", "a", firing.Rev, at.Add(time.Hour)); err != nil {
			d.t.Fatal(err)
		}
		if err := d.DoneTimer(d.ctx, "complaints", "a", firing.Rev); err != nil {
			d.t.Fatal(err)
		}
		got := d.only()
		if string(got.Payload) != "new" || !got.DueAt.Equal(at) || got.Attempts != 0 {
			d.t.Errorf("%s: the timer is %+v; want the new one, untouched", name, got)
		}
		if err := d.DoneTimer(d.ctx, "complaints", "a", got.Rev); err != nil {
			d.t.Fatal(err)
		}
		d.same("timers", d.due("complaints", at, 9), []core.Timer{})
	}
}

func timersPostponed(d *desk) {
	at := d.now()
	d.schedule("complaints", "a", at, "x")
	for attempts := 1; attempts <= 2; attempts++ {
		timer := d.only()
		at = at.Add(time.Minute)
		if err := d.PostponeTimer(d.ctx, "complaints", "a", timer.Rev, at); err != nil {
			d.t.Fatal(err)
		}
		d.same("timer", d.only(), core.Timer{Plugin: "complaints", Key: "a", DueAt: at, Payload: []byte("x"), Attempts: attempts, Rev: timer.Rev})
	}
}

func timersRefused(d *desk) {
	for message, timer := range map[string]core.Timer{
		"The key is empty; name what is kept.":                                                 {},
		"The key is not UTF-8; encode it, for example as hex.":                                 {Key: "\xff"},
		"The key has 201 bytes; shorten it to 200.":                                            {Key: strings.Repeat("k", 201)},
		`The value of the key "a" has 1048577 bytes; split it into values of at most 1048576.`: {Key: "a", Payload: make([]byte, 1<<20+1)},
	} {
		timer.Plugin, timer.DueAt = "complaints", d.now()
		d.rejected(d.Schedule(d.ctx, timer), core.Invalid, message)
	}
	d.schedule("complaints", strings.Repeat("k", 200), d.now(), strings.Repeat("p", 1<<20))
}
