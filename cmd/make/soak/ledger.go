package main

import (
	"sync"
	"sync/atomic"
)

// promise is what a server has said of a record.
type promise struct {
	entity  string
	version int64 // that it has at least
	unknown int64 // writes of which nobody knows whether they were carried out
	ours    bool  // nobody but the writers may change it
}

// ledger is what the writers have been promised.
type ledger struct {
	mu       sync.Mutex
	promises map[string]*promise // by id
	writes   int
}

func (l *ledger) acknowledged(entity, id string, version int64, ours bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.promises == nil {
		l.promises = map[string]*promise{}
	}
	p := l.promises[id]
	if p == nil {
		p = &promise{entity: entity, ours: ours}
		l.promises[id] = p
	}
	p.version = version
	l.writes++
}

func (l *ledger) unknown(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.promises[id]; p != nil {
		p.unknown++
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes
}

// some returns the id of any record of an entity; "" when there is none.
func (l *ledger) some(entity string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, p := range l.promises { // in an order that nobody knows
		if entity == "" || p.entity == entity {
			return id
		}
	}
	return ""
}

// counter counts for many.
type counter struct{ n atomic.Int64 }

func (c *counter) add()         { c.n.Add(1) }
func (c *counter) value() int64 { return c.n.Load() }
