package sdk

import (
	"context"
	"sync"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Drain waits for the calls that run. The host has a deadline of its own.
func (s *server) Drain(ctx context.Context, _ *pluginpb.DrainRequest) (*pluginpb.DrainResponse, error) {
	return &pluginpb.DrainResponse{}, s.running.wait(ctx)
}

// inFlight counts the calls that run. New ones begin while somebody waits for
// the end: a call that saves a record has the host ask the plugin's own rule. The
// zero value is ready for use.
type inFlight struct {
	mu    sync.Mutex
	calls int
	idle  chan struct{} // closed when the last call ends; nil while nobody waits
}

func (f *inFlight) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
}

func (f *inFlight) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls--; f.calls == 0 && f.idle != nil {
		close(f.idle)
		f.idle = nil
	}
}

func (f *inFlight) wait(ctx context.Context) error {
	f.mu.Lock()
	if f.calls == 0 {
		f.mu.Unlock()
		return nil
	}
	if f.idle == nil {
		f.idle = make(chan struct{})
	}
	idle := f.idle
	f.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
