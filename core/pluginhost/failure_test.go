package pluginhost

import (
	"errors"
	"testing"
	"time"
)

func TestFiveFailuresInTenMinutesAreACrashLoop(t *testing.T) {
	t.Parallel()
	crash := errors.New("its process ended")
	tests := map[string]struct {
		every time.Duration
		want  State // after ten
	}{
		"at once":                  {0, CrashLoop},
		"every two minutes":        {2 * time.Minute, CrashLoop},
		"every three minutes":      {3 * time.Minute, Backoff},
		"once a day, for ten days": {24 * time.Hour, Backoff},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var f failures
			n, now := 0, time.Now()
			for range 10 {
				n, now = f.add(now), now.Add(tt.every)
			}
			if got := stateAfter(crash, n); got != tt.want {
				t.Errorf("after ten failures %s: %s (%d count), want %s", name, got, n, tt.want)
			}
		})
	}
}
