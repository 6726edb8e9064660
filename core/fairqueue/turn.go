package fairqueue

import (
	"context"
	"time"
)

// Turn is a request that has begun. Whoever entered must leave.
type Turn struct {
	queue *Queue
	ask   Ask
	flow  *flow
	kind  kind
	cost  int
	start float64
	place int           // among all that have come
	begun chan struct{} // closed then

	// With the lock of the queue:
	since  time.Time     // when it came, began, or went on
	took   time.Duration // before that
	asides int           // how many of its parts wait for somebody else
	left   bool
}

// before says whether it is the turn of t rather than of another, if there is one.
func (t *Turn) before(other *Turn) bool {
	if other == nil || t.start != other.start {
		return other == nil || t.start < other.start
	}
	return t.place < other.place
}

// overtake takes the start of the first of a line, and moves the others back.
func (t *Turn) overtake(line []*Turn) {
	for _, other := range line {
		if !other.ask.First {
			t.start = min(t.start, other.start)
			other.start += float64(t.cost)
		}
	}
}

// run counts the request as running, or not any more.
func (t *Turn) run(n int) {
	t.queue.running[t.kind] += n
	t.flow.running[t.kind] += n
	now := t.queue.now()
	if n < 0 {
		t.took += now.Sub(t.since)
	}
	t.since = now
}

// Leave ends the turn; again, or of no turn, it does nothing.
func (t *Turn) Leave() {
	if t == nil {
		return
	}
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.left {
		return
	}
	t.left = true
	if t.asides == 0 {
		t.run(-1)
	}
	t.charge()
	q.begin()
	q.end(t)
}

// charge makes up for a cost that was said to be less than it was.
func (t *Turn) charge() {
	if more := float64(t.took/timeOfCost) - float64(t.cost); more > 0 {
		t.flow.finish += more
	}
	if t.kind == heavy {
		t.queue.heavyIn += (t.took - t.queue.heavyIn) / 4
	}
}

type turnKey struct{}

// Context is one in which Aside knows the turn, if it is one.
func (t *Turn) Context(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return context.WithValue(ctx, turnKey{}, t)
}

// KeyOf is whose turn ctx belongs to; "" when it is nobody's. So a further queue,
// such as the one before a single writer, is shared by the same keys.
func KeyOf(ctx context.Context) string {
	if t, ok := ctx.Value(turnKey{}).(*Turn); ok {
		return t.ask.Key
	}
	return ""
}

// Aside lets others run while the request that ctx belongs to waits for somebody
// else: a plugin, or another writer. It goes on with back, and waits for nobody
// then: it may hold what others wait for.
func Aside(ctx context.Context) (back func()) {
	t, ok := ctx.Value(turnKey{}).(*Turn)
	if !ok {
		return func() {}
	}
	t.step(1)
	return func() { t.step(-1) }
}

func (t *Turn) step(aside int) {
	q := t.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	were := t.asides
	t.asides += aside
	switch {
	case t.left:
	case were == 0:
		t.run(-1)
		q.begin()
	case t.asides == 0:
		t.run(1)
	}
}
