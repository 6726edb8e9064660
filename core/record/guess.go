package record

import (
	"fmt"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// That a unique value is taken tells of a record that has it. Of one that the actor
// does not see that cannot be kept secret, or else two records would get the value,
// so it is told so often in a window and no more.
const (
	MaxGuesses  = 20
	guessWindow = time.Minute
	maxGuessers = 10_000 // actors that are remembered; each takes half a kilobyte
)

// guesses counts what actors were told of records that they do not see. The zero
// value is ready, and safe for concurrent use.
type guesses struct {
	mu   sync.Mutex
	told map[string][]time.Time // by actor, the oldest first
}

// wait is how long nothing may be told to an actor; 0 when something may.
func (g *guesses) wait(actor string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return waitFor(g.recent(actor, now), now)
}

// left is how often something may be told to an actor now.
func (g *guesses) left(actor string, now time.Time) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return MaxGuesses - len(g.recent(actor, now))
}

// tell counts once more, unless nothing may be told: then it says for how long.
func (g *guesses) tell(actor string, now time.Time) (wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	told := g.recent(actor, now)
	if wait := waitFor(told, now); wait > 0 {
		return wait
	}
	if told == nil && len(g.told) >= maxGuessers {
		for other := range g.told {
			g.recent(other, now)
		}
		if len(g.told) >= maxGuessers {
			return guessWindow
		}
	}
	if g.told == nil {
		g.told = map[string][]time.Time{}
	}
	g.told[actor] = append(told, now)
	return 0
}

// recent forgets what was told before the window, and the actors to whom nothing
// was told since.
func (g *guesses) recent(actor string, now time.Time) []time.Time {
	told := g.told[actor]
	first := 0
	for first < len(told) && now.Sub(told[first]) >= guessWindow {
		first++
	}
	if first == 0 {
		return told
	}
	if told = append([]time.Time(nil), told[first:]...); len(told) == 0 {
		delete(g.told, actor)
		return nil
	}
	g.told[actor] = told
	return told
}

func waitFor(told []time.Time, now time.Time) time.Duration {
	if len(told) < MaxGuesses {
		return 0
	}
	return told[0].Add(guessWindow).Sub(now)
}

func toldEnough(wait time.Duration) error {
	seconds := (wait + time.Second - 1) / time.Second
	return &core.Error{
		Code: core.RateLimited, RetryAfter: wait,
		Message: fmt.Sprintf("%d times within a minute a record that you may not see had a unique value of yours, which is the limit: wait %d s and try again.", MaxGuesses, seconds),
	}
}
