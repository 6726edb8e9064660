package main

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// counter is a server that counts what it is asked.
type counter struct {
	mu           sync.Mutex
	name         string
	asked        int
	now, atOnce  int
	turns        *[]string // who was asked, without repetitions
	failFrom     int       // the request from which on it fails; 0 for never
	together     int       // how many requests must be there before the first is answered; 0 for none
	theyAreThere chan struct{}
}

var errDown = errors.New("it is down")

func (c *counter) ask(ctx context.Context) error {
	c.mu.Lock()
	c.asked++
	c.now++
	c.atOnce = max(c.atOnce, c.now)
	failed := c.failFrom > 0 && c.asked >= c.failFrom
	if c.turns != nil && (len(*c.turns) == 0 || (*c.turns)[len(*c.turns)-1] != c.name) {
		*c.turns = append(*c.turns, c.name)
	}
	if c.asked == c.together {
		close(c.theyAreThere)
	}
	c.mu.Unlock()
	if c.together > 0 {
		select {
		case <-c.theyAreThere:
		case <-ctx.Done():
		}
	}
	c.mu.Lock()
	c.now--
	c.mu.Unlock()
	if failed {
		return errDown
	}
	return ctx.Err()
}

func TestATurnSendsAsManyRequestsAsItShould(t *testing.T) {
	t.Parallel()
	c := &counter{together: 4, theyAreThere: make(chan struct{})}
	took, err := turn(t.Context(), time.Second, 10, 4, c)
	if err != nil || c.asked != 10 || c.atOnce != 4 || took <= 0 {
		t.Errorf("%d requests, %d at a time, %s for each, %v; want 10, and 4 at a time", c.asked, c.atOnce, took, err)
	}
}

func TestATurnEndsWithTheFirstFailure(t *testing.T) {
	t.Parallel()
	c := &counter{failFrom: 3}
	if _, err := turn(t.Context(), time.Second, 1000, 2, c); !errors.Is(err, errDown) {
		t.Errorf("turn = %v, want %v", err, errDown)
	}
	if c.asked > 4 {
		t.Errorf("it was asked %d times, though it failed at the third", c.asked)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turn(canceled, time.Second, 1000, 2, &counter{}); !errors.Is(err, context.Canceled) {
		t.Errorf("turn that is canceled = %v", err)
	}
}

func TestBothVersionsGetTheSameByTurns(t *testing.T) {
	t.Parallel()
	var turns []string
	base, recent := &counter{name: "base", turns: &turns}, &counter{name: "new", turns: &turns}
	pairs, err := alternate(t.Context(), options{pairs: 4, turn: 1}, 2, versions[asker]{base, recent})
	if err != nil || len(pairs) != 4 {
		t.Fatalf("%d pairs, %v; want 4", len(pairs), err)
	}
	if base.asked != recent.asked {
		t.Errorf("the base was asked %d times, and the new one %d times", base.asked, recent.asked)
	}
	// After one turn of each to calibrate, who has been last begins.
	if got, want := strings.Join(turns, " "), "base new base new base new base"; got != want {
		t.Errorf("turns: %s, want %s", got, want)
	}
	recent.failFrom = 1
	if _, err := alternate(t.Context(), options{pairs: 1, turn: 1}, 1, versions[asker]{base, recent}); !errors.Is(err, errDown) {
		t.Errorf("alternate = %v, want %v", err, errDown)
	}
}

func TestATurnIsMadeToLastAsLongAsItShould(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		n            int
		took, length time.Duration
		clients      int
		want         int
	}{
		"half as long":             {100, 50 * time.Millisecond, 100 * time.Millisecond, 1, 200},
		"too long":                 {100, 400 * time.Millisecond, 100 * time.Millisecond, 1, 25},
		"one for each client":      {16, 10 * time.Second, 100 * time.Millisecond, 16, 16},
		"no more than is bearable": {100, 1, time.Hour, 1, most},
		"no time at all":           {1, 0, 10, 1, 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := scale(tt.n, tt.took, tt.length, tt.clients); got != tt.want {
				t.Errorf("scale = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestRatiosAreTakenPairByPair(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pairs []pair
		want  spread
	}{
		"one":                               {[]pair{{100, 110}}, spread{1.1, 1.1, 1.1}},
		"an odd number":                     {[]pair{{100, 90}, {100, 120}, {100, 100}}, spread{1, 0.9, 1.2}},
		"an even number":                    {[]pair{{100, 90}, {100, 120}, {100, 100}, {100, 80}}, spread{0.95, 0.8, 1.2}},
		"a pause of the machine hits pairs": {[]pair{{100, 50}, {1000, 500}, {10, 5}}, spread{0.5, 0.5, 0.5}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ratios(tt.pairs), cmp.AllowUnexported(spread{})); diff != "" {
				t.Error(diff)
			}
		})
	}
	if base, recent := times([]pair{{1, 20}, {3, 10}, {2, 40}, {9, 30}}); base != 2 || recent != 25 {
		t.Errorf("medians %d and %d, want 2 (between 2 and 3) and 25", base, recent)
	}
}

func TestARowFitsItsHeader(t *testing.T) {
	t.Parallel()
	const want = "" +
		"store   scenario                    clients        base         new  new/base  least  greatest\n" +
		"sqlite  list of 20 with a filter         16    1.500 ms    1.200 ms      0.80   0.70      0.90\n" +
		"memory  start, 0 own entities             - 1500.000 ms 1200.000 ms      0.80   0.80      0.80\n"
	got := header + row("sqlite", "list of 20 with a filter", 16, []pair{{1500 * time.Microsecond, 1200 * time.Microsecond}, {2 * time.Millisecond, 1400 * time.Microsecond}, {time.Millisecond, 900 * time.Microsecond}}) +
		row("memory", "start, 0 own entities", 0, []pair{{1500 * time.Millisecond, 1200 * time.Millisecond}})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPatternThatFitsNothingIsRefusedBeforeAnythingIsBuilt(t *testing.T) {
	t.Parallel()
	for _, fits := range []string{"", "^search", "own entities"} {
		if err := (options{only: regexp.MustCompile(fits)}).measuresSomething(); err != nil {
			t.Errorf("%q: %v", fits, err)
		}
	}
	err := compare(t.Context(), options{only: regexp.MustCompile("nosuch")})
	if err == nil || !strings.HasPrefix(err.Error(), "-only nosuch fits none of: ") || !strings.HasSuffix(err.Error(), "start, 200 own entities") {
		t.Errorf("a pattern that fits nothing: %v", err)
	}
}
