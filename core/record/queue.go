package record

import (
	"context"
	"slices"
	"sync"

	"github.com/openxrm/xrm/core/fairqueue"
)

// queue lets the writers of one record wait for each other within this
// process, so that a hot counter does not become a storm of version
// conflicts and retries. The zero queue is ready.
type queue struct {
	mu    sync.Mutex
	lines map[string]*line
}

// line is a lock that can be waited for with a context: whoever puts the token
// in has it.
type line struct {
	token   chan struct{}
	waiting int
}

// enter waits for its turn at all the keys and returns the function that
// leaves them, or the error of ctx. Keys are entered in one order by
// everybody, so that two writers of the same records never wait for each other.
func (q *queue) enter(ctx context.Context, keys []string) (leave func(), err error) {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for i, key := range keys {
		if err := q.join(key).enter(ctx); err != nil {
			q.quit(key)
			q.leave(keys[:i])
			return nil, err
		}
	}
	return func() { q.leave(keys) }, nil
}

// enter lets others run while it waits: who has the line may need them to run.
func (l *line) enter(ctx context.Context) error {
	select {
	case l.token <- struct{}{}:
		return nil
	default:
	}
	defer fairqueue.Aside(ctx)()
	select {
	case l.token <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) leave(keys []string) {
	for _, key := range keys {
		l := q.quit(key)
		<-l.token
	}
}

func (q *queue) join(key string) *line {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lines == nil {
		q.lines = map[string]*line{}
	}
	l := q.lines[key]
	if l == nil {
		l = &line{token: make(chan struct{}, 1)}
		q.lines[key] = l
	}
	l.waiting++
	return l
}

// quit forgets a line when nobody stands in it any more.
func (q *queue) quit(key string) *line {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[key]
	if l.waiting--; l.waiting == 0 {
		delete(q.lines, key)
	}
	return l
}
