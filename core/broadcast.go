package core

import (
	"time"

	"github.com/openxrm/xrm/sdk/contract/kept"
)

// Broadcast is what a plugin tells those who listen at the moment, on whatever
// instance. It is no event: nobody is told who was not there.
type Broadcast struct {
	Position int64 // 1, 2, 3 without a gap, over all plugins; given by the store
	Plugin   string
	Topic    string
	Value    []byte // JSON
}

// How long the stores have a broadcast, and how many of them at most. The latest stays:
// the next one gets its position from it.
const (
	BroadcastTime = time.Minute
	MaxBroadcasts = 1024
)

// Check returns an Invalid error for a broadcast that no store takes.
func (b Broadcast) Check() error { return Refused(kept.CheckBroadcast(b.Topic, b.Value)) }
