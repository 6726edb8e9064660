package pluginhost

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/openxrm/xrm/core/snapshot"
)

// board is what is known of every plugin right now. Whoever wants to wait for
// a change waits for the channel to be closed.
type board struct {
	mu      sync.Mutex
	entries []*entry // by name
	changed chan struct{}
}

type entry struct {
	status       Status
	contribution *snapshot.Contribution // nil until the plugin was described once, now or in an earlier run
	configSchema []byte                 // JSON Schema; empty for none
	admitted     bool                   // by Config.Admit
	terms        Terms
	link         *link  // nil unless it answers
	digest       string // of what the process of link was made of
}

// add puts up an entry, in the place of one of the same name.
func (b *board) add(e *entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, found := slices.BinarySearchFunc(b.entries, e.status.Name, func(e *entry, name string) int { return strings.Compare(e.status.Name, name) })
	if found {
		b.entries[i] = e
	} else {
		b.entries = slices.Insert(b.entries, i, e)
	}
	b.tell()
}

// update changes one entry and tells everybody.
func (b *board) update(name string, change func(*entry)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		if e.status.Name == name {
			change(e)
		}
	}
	b.tell()
}

func (b *board) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// look returns copies of all entries, and a channel that is closed when they
// are out of date.
func (b *board) look() ([]entry, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entries := make([]entry, len(b.entries))
	for i, e := range b.entries {
		entries[i] = *e
	}
	return entries, b.changed
}

// find returns a copy of one entry; an empty one for a name that is not there.
func (b *board) find(name string) entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		if e.status.Name == name {
			return *e
		}
	}
	return entry{}
}

// wait returns when the plugins are as wanted, or with the error of ctx.
func (b *board) wait(ctx context.Context, wanted func([]Status) bool) error {
	for {
		entries, changed := b.look()
		if wanted(statuses(entries)) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func statuses(entries []entry) []Status {
	list := make([]Status, len(entries))
	for i, e := range entries {
		list[i] = e.status
	}
	return list
}
