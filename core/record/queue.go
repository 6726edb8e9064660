package record

import (
	"slices"
	"sync"
)

// queue lets the writers of one record wait for each other within this
// process, so that a hot counter does not become a storm of version
// conflicts and retries. The zero queue is ready.
type queue struct {
	mu    sync.Mutex
	lines map[string]*line
}

type line struct {
	sync.Mutex
	waiting int
}

// enter waits for its turn at all the keys and returns the function that
// leaves them. Keys are entered in one order by everybody, so that two
// writers of the same records never wait for each other.
func (q *queue) enter(keys []string) (leave func()) {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	for _, key := range keys {
		q.line(key).Lock()
	}
	return func() {
		for _, key := range keys {
			q.mu.Lock()
			l := q.lines[key]
			if l.waiting--; l.waiting == 0 {
				delete(q.lines, key)
			}
			q.mu.Unlock()
			l.Unlock()
		}
	}
}

func (q *queue) line(key string) *line {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lines == nil {
		q.lines = map[string]*line{}
	}
	l := q.lines[key]
	if l == nil {
		l = &line{}
		q.lines[key] = l
	}
	l.waiting++
	return l
}
