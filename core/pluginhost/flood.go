package pluginhost

import (
	"log/slog"
	"sync"
	"time"
)

// flood keeps a plugin from filling the disk with what it prints. The zero value
// is ready.
type flood struct {
	mu    sync.Mutex
	began time.Time
	lines int
}

// How many lines are logged in which time.
const (
	floodLines = 1000
	floodTime  = 10 * time.Second
)

// admits says whether one more line is logged; log is told when none is for a
// while, and afterwards how many there were.
func (f *flood) admits(log *slog.Logger, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now.Sub(f.began) >= floodTime {
		if f.lines > floodLines {
			log.Warn("plugin printed more than is logged", "left out", f.lines-floodLines)
		}
		f.began, f.lines = now, 0
	}
	f.lines++
	if f.lines == floodLines+1 {
		log.Warn("plugin prints too much; for a while nothing of it is logged", "at most", floodLines, "in", floodTime)
	}
	return f.lines <= floodLines
}
