package fairqueue

import (
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Limits say how much runs and waits. A zero field means that of DefaultLimits.
type Limits struct {
	Running int // requests at a time
	PerKey  int // of one key
	Heavy   int // heavy ones of all keys; one key may run one of them

	HeavyCost    int // what costs more is heavy
	HeavyPerKey  int // heavy ones of one key that run or wait
	WaitingOfKey int // others of one key that wait
}

// DefaultLimits fit the processors: a heavy request keeps one busy, and half of
// them are for others.
func DefaultLimits() Limits {
	processors := runtime.GOMAXPROCS(0)
	return Limits{
		Running: 4 * processors, PerKey: 3 * processors, Heavy: max(1, processors/2),
		HeavyCost: 10_000, HeavyPerKey: 4, WaitingOfKey: 2_000,
	}
}

// timeOfCost is about how long what costs 1 takes. Only what takes longer counts
// by its time.
const timeOfCost = 10 * time.Microsecond

// Queue lets requests begin. Make one with New; it is safe for concurrent use.
type Queue struct {
	limits Limits
	now    func() time.Time

	mu      sync.Mutex
	clock   float64 // the start of what was begun last
	joined  int     // how many have come
	keys    map[string]*flow
	turns   int    // that wait, run or stand aside
	running [2]int // by kind
	waiting [2]int
	refused [2]int
	heavyIn time.Duration // about how long a heavy one takes
}

// kind is what the limits tell apart.
type kind int

const (
	light kind = iota
	heavy
)

// flow is what one key has running and waiting.
type flow struct {
	finish  float64 // where its next request starts, unless the clock has come further
	turns   int     // that wait, run or stand aside
	running [2]int
	lines   [2][]*Turn // that wait, the first to begin first

	again   time.Time // when it was told to try again
	refused int       // since it was told
}

// New makes a queue. A nil now is time.Now.
func New(limits Limits, now func() time.Time) *Queue {
	defaults := DefaultLimits()
	for _, l := range []struct{ limit, fallback *int }{
		{&limits.Running, &defaults.Running}, {&limits.PerKey, &defaults.PerKey}, {&limits.Heavy, &defaults.Heavy},
		{&limits.HeavyCost, &defaults.HeavyCost}, {&limits.HeavyPerKey, &defaults.HeavyPerKey}, {&limits.WaitingOfKey, &defaults.WaitingOfKey},
	} {
		if *l.limit <= 0 {
			*l.limit = *l.fallback
		}
	}
	if now == nil {
		now = time.Now
	}
	return &Queue{limits: limits, now: now, keys: map[string]*flow{}}
}

// Ask is what somebody wants to begin.
type Ask struct {
	Key  string // whose turn it is
	Cost int
	Says string // what the cost is, as a refusal begins: "The request costs %d"

	// Follow marks what is caused by something that has begun before, such as an
	// event of a subscription: it is never too much, and waits however heavy it is.
	Follow bool

	// First comes before all that wait, whatever it costs and whosever it is: for
	// what is rare and small, and of no use when it is late.
	First bool

	// Rest is more of what has begun before and left: it comes before what else of
	// its key waits, and costs that its place.
	Rest bool
}

// Enter waits for the turn of a key. The error is a *Refused, or that of ctx when
// whoever asks has gone.
func (q *Queue) Enter(ctx context.Context, a Ask) (*Turn, error) {
	t, refused := q.join(a)
	if refused != nil {
		refused.hold(ctx)
		return nil, refused
	}
	select {
	case <-t.begun:
		return t, nil
	case <-ctx.Done():
	}
	if q.quit(t) {
		return t, nil // it began in this very moment
	}
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, ctx.Err()
	}
	return nil, q.late(t)
}

// join puts a request in its line, and begins it if it may.
func (q *Queue) join(a Ask) (*Turn, *Refused) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f := q.keys[a.Key]
	if f == nil {
		f = &flow{}
		q.keys[a.Key] = f
	}
	t := &Turn{queue: q, ask: a, flow: f, cost: max(1, a.Cost), since: q.now(), begun: make(chan struct{})}
	if a.Cost > q.limits.HeavyCost {
		t.kind = heavy
	}
	if !a.Follow {
		if refused := q.refuse(t); refused != nil {
			return nil, refused
		}
	}
	q.joined++
	t.place = q.joined
	if t.start = math.Inf(-1); !a.First {
		t.start = max(q.clock, f.finish)
		f.finish = t.start + float64(t.cost)
	}
	if a.Rest {
		t.overtake(f.lines[t.kind])
	}
	f.lines[t.kind] = insert(f.lines[t.kind], t)
	f.turns++
	q.turns++
	q.waiting[t.kind]++
	q.begin()
	return t, nil
}

// insert puts a request where it belongs in a line, which is at its end unless it
// comes first.
func insert(line []*Turn, t *Turn) []*Turn {
	at := len(line)
	for at > 0 && t.before(line[at-1]) {
		at--
	}
	return slices.Insert(line, at, t)
}

// begin lets in whose turn it is.
func (q *Queue) begin() {
	for q.running[light]+q.running[heavy] < q.limits.Running {
		t := q.next()
		if t == nil {
			return
		}
		t.flow.lines[t.kind] = t.flow.lines[t.kind][1:]
		q.waiting[t.kind]--
		q.clock = max(q.clock, t.start)
		t.run(1)
		close(t.begun)
	}
}

// next is the earliest start of those that may begin.
func (q *Queue) next() (first *Turn) {
	for _, f := range q.keys {
		for _, line := range f.lines {
			if len(line) > 0 && q.may(f, line[0]) && line[0].before(first) {
				first = line[0]
			}
		}
	}
	return first
}

func (q *Queue) may(f *flow, t *Turn) bool {
	if t.kind == heavy {
		return f.running[heavy] == 0 && q.running[heavy] < q.limits.Heavy
	}
	return f.running[light] < q.limits.PerKey
}

// quit takes a request that has gone out of its line, and says whether it has
// begun.
func (q *Queue) quit(t *Turn) (begun bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := t.flow.lines[t.kind]
	for i, other := range line {
		if other == t {
			t.flow.lines[t.kind] = append(line[:i:i], line[i+1:]...)
			q.waiting[t.kind]--
			q.end(t)
			return false
		}
	}
	return true
}

// end forgets the key of a turn once nothing is left of it and it owes nothing,
// and what all owe once there is nobody who could be made up to.
func (q *Queue) end(t *Turn) {
	t.flow.turns--
	if q.turns--; q.turns == 0 {
		clear(q.keys)
		q.clock = 0
	} else if t.flow.turns == 0 && t.flow.finish <= q.clock {
		delete(q.keys, t.ask.Key)
	}
}
