package mongo

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Of those who come back at once after a deadlock, many are in the next one.
func TestWhoMakesWayAgainAndAgainWaitsLongerAndNotAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		waited := func(attempt int) time.Duration {
			began := time.Now()
			if err := makeWay(t.Context(), attempt); err != nil {
				t.Fatal(err)
			}
			return time.Since(began)
		}
		for _, attempt := range []int{0, 1} { // 0 is after something was reached
			if took := waited(attempt); took < 10*time.Millisecond || took > 60*time.Millisecond {
				t.Errorf("attempt %d waits %s, want 10 to 60 ms", attempt, took)
			}
		}
		var least, most time.Duration = time.Hour, 0
		for range 50 {
			took := waited(attempts)
			least, most = min(least, took), max(most, took)
		}
		if most > 2*time.Second+10*time.Millisecond || most-least < time.Second {
			t.Errorf("attempt %d waits %s to %s, want times that are spread over 2 s", attempts, least, most)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := makeWay(gone, attempts); err == nil {
			t.Error("it waits for somebody who is gone")
		}
	})
}
