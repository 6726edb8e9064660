package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/openxrm/xrm/core"
)

// The failures that make a crash loop, and how long each counts.
const (
	maxFailures   = 5
	failureCounts = 10 * time.Minute
)

// failures remembers when a plugin failed.
type failures []time.Time

// add returns how many there are with this one, without those that no longer
// count.
func (f *failures) add(now time.Time) int {
	for len(*f) > 0 && now.Sub((*f)[0]) > failureCounts {
		*f = (*f)[1:]
	}
	*f = append(*f, now)
	return len(*f)
}

// failed says what becomes of the plugin when the only release that could run
// does not.
func (s *supervisor) failed(r *release, err error) {
	if core.CodeOf(err) == core.Unavailable { // the database, or another instance: the plugin is not to blame
		s.log.Warn("plugin waits", "error", err)
		s.set(s.name, Backoff, err)
		s.retry = time.After(min(s.delays(), s.config.Lease))
		return
	}
	n := s.failures.add(time.Now())
	state := stateAfter(err, n)
	s.log.Error("plugin failed", "state", state, "failures", n, "error", err)
	s.set(s.name, state, err)
	switch state {
	case CrashLoop:
		s.retry = time.After(s.config.MaxBackoff)
	case Backoff:
		s.retry = time.After(s.delays())
	default:
		s.spurned, s.failure = r, err
	}
	s.verified = "" // perhaps the copy is to blame
}

// stays is why a release does not take over.
func stays(r *release, why error) error {
	if errors.Is(why, errTried) {
		return fmt.Errorf("%s %w", r.manifest.Version, why)
	}
	return fmt.Errorf("%s could not take over: %w", r.manifest.Version, why)
}

// spurn leaves a release alone that could not take over. It is tried again when
// it may not be to blame.
func (s *supervisor) spurn(r *release, why error) {
	s.spurned, s.failure = r, why
	level := slog.LevelError
	if errors.Is(why, errTried) {
		level = slog.LevelInfo
	}
	s.log.Log(context.Background(), level, "plugin goes on as it was", "error", why)
	if core.CodeOf(why) == core.Unavailable {
		s.retry = time.After(s.config.MaxBackoff)
		if s.register.find(s.name).Moving != nil { // its records are closed until it is at its end
			s.retry = time.After(min(s.config.MaxBackoff, s.config.Lease))
		}
	}
}

// newDelays returns how long to wait after each failure in a row: almost not at
// all after the first, then longer and longer.
func (s *supervisor) newDelays() func() time.Duration {
	growing := backoff.NewExponentialBackOff()
	growing.InitialInterval, growing.MaxInterval = s.config.MinBackoff, s.config.MaxBackoff
	growing.Multiplier, growing.RandomizationFactor = 2, 0.2
	growing.Reset()
	first := true
	return func() time.Duration {
		if first {
			first = false
			return rand.N(min(s.config.MinBackoff, 100*time.Millisecond))
		}
		return growing.NextBackOff()
	}
}
