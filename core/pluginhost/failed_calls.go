package pluginhost

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
)

// failedCalls is what has gone wrong with the calls to one process, by what was
// called. The zero value is ready, and safe for concurrent use.
type failedCalls struct {
	mu     sync.Mutex
	byCall map[string]core.FailedCalls
}

// add counts a call.
func (f *failedCalls) add(call, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byCall == nil {
		f.byCall = map[string]core.FailedCalls{}
	}
	f.byCall[call] = core.FailedCalls{Call: call, Count: f.byCall[call].Count + 1, LastAt: time.Now(), LastError: why}
}

// list returns them by name; there are as many as the plugin has handlers.
func (f *failedCalls) list() []core.FailedCalls {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.SortedFunc(maps.Values(f.byCall), func(a, b core.FailedCalls) int { return cmp.Compare(a.Call, b.Call) })
}
