package journal

import (
	"math/rand/v2"
	"time"
)

// Limits bound what is delivered at once and how often. A zero is the value
// that stands beside the field.
type Limits struct {
	Every      time.Duration // 1 second: how often to look for work without being told
	Deadline   time.Duration // 30 seconds: for one batch
	Events     int           // 100: in one batch, fewer for a while after one that failed
	Bytes      int           // 1 MiB: in one batch, unless one event alone has more
	Parallel   int           // 4: batches of one subscriber at a time
	Attempts   int           // 12: that fail before an event is a dead letter
	FirstRetry time.Duration // 1 second: after the first failed attempt, and twice as long after each other
	LastRetry  time.Duration // 10 minutes: never longer
}

func (l Limits) orDefaults() Limits {
	setDefault(&l.Every, time.Second)
	setDefault(&l.Deadline, 30*time.Second)
	setDefault(&l.Events, 100)
	setDefault(&l.Bytes, 1<<20)
	setDefault(&l.Parallel, 4)
	setDefault(&l.Attempts, 12)
	setDefault(&l.FirstRetry, time.Second)
	setDefault(&l.LastRetry, 10*time.Minute)
	return l
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// retryAfter is how long to wait after so many failed attempts. It differs by
// a fifth, so that what has failed together does not come back together.
func (l Limits) retryAfter(attempts int) time.Duration {
	wait := l.FirstRetry
	for n := 1; n < attempts && wait < l.LastRetry; n++ {
		wait *= 2
	}
	return time.Duration(float64(min(wait, l.LastRetry)) * (0.8 + 0.4*rand.Float64()))
}
