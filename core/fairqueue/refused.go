package fairqueue

import (
	"context"
	"fmt"
	"time"
)

// Refused is why a request may not even wait. It says so to whoever asks.
type Refused struct {
	Message string
	After   time.Duration // when it is worth trying again, in whole seconds

	held time.Duration // until it is told
}

func (r *Refused) Error() string { return r.Message }

// refuse says why a request is too much.
func (q *Queue) refuse(t *Turn) *Refused {
	has := len(t.flow.lines[t.kind])
	switch {
	case t.kind == heavy && has+t.flow.running[heavy] >= q.limits.HeavyPerKey:
		after := q.after()
		return q.refusal(t, after, fmt.Sprintf(t.ask.Says+", and of what is beyond %d a key may have %d at a time: wait %d s, or ask for smaller pages or fewer fields.",
			t.cost, q.limits.HeavyCost, q.limits.HeavyPerKey, after/time.Second))
	case t.kind == light && has >= q.limits.WaitingOfKey:
		return q.refusal(t, time.Second, fmt.Sprintf("%d requests of this key are waiting, which is the limit: wait 1 s, and send fewer at a time.", has))
	}
	return nil
}

// late is the refusal of a request whose time was up before its turn came.
func (q *Queue) late(t *Turn) *Refused {
	q.mu.Lock()
	defer q.mu.Unlock()
	after := q.after()
	return q.refusal(t, after, fmt.Sprintf("The request waited for %d s, which is as long as it may, beside %d others of this key: wait %d s, and send fewer at a time.",
		q.now().Sub(t.since).Round(time.Second)/time.Second, t.flow.turns, after/time.Second))
}

// How whoever does not wait as long as it is told to is kept from being busy with
// refusals, and others with it: of those beyond a few, the answer waits.
const (
	quickRefusals = 32 // of a key, until it may try again
	maxHold       = time.Second
)

func (q *Queue) refusal(t *Turn, after time.Duration, message string) *Refused {
	q.refused[t.kind]++
	f, now := t.flow, q.now()
	if !now.Before(f.again) {
		f.again, f.refused = now.Add(after), 0
	}
	refused := &Refused{Message: message, After: after}
	if f.refused++; f.refused > quickRefusals {
		refused.held = min(f.again.Sub(now), maxHold)
	}
	return refused
}

// hold returns when the refusal is to be told.
func (r *Refused) hold(ctx context.Context) {
	if r.held <= 0 {
		return
	}
	select {
	case <-time.After(r.held):
	case <-ctx.Done():
	}
}

// after is about how long it takes until the heavy ones that wait have run.
func (q *Queue) after() time.Duration {
	all := q.heavyIn * time.Duration(q.waiting[heavy]+q.running[heavy]) / time.Duration(q.limits.Heavy)
	return min(max(all+time.Second-1, time.Second), time.Minute).Truncate(time.Second)
}

// Count is how many requests of one kind there are.
type Count struct {
	Kind             string // "light" or "heavy"
	Running, Waiting int
	Refused          int // since the start
}

// Counts are those of all kinds.
func (q *Queue) Counts() []Count {
	q.mu.Lock()
	defer q.mu.Unlock()
	of := func(name string, k kind) Count { return Count{name, q.running[k], q.waiting[k], q.refused[k]} }
	return []Count{of("light", light), of("heavy", heavy)}
}
