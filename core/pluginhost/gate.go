package pluginhost

import (
	"context"
	"errors"
	"sync"
)

// gate lets a limited number of calls to one process run at a time, and knows
// when the last has ended. The zero value is open.
type gate struct {
	mu      sync.Mutex
	running int
	idle    chan struct{} // not nil once closed; closed when nothing runs any more
}

var (
	errClosed = errors.New("the process takes no more calls")
	errBusy   = errors.New("too many calls run already")
)

// enter returns errClosed or errBusy, or nil: then leave must follow.
func (g *gate) enter(most int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.idle != nil:
		return errClosed
	case g.running >= most:
		return errBusy
	}
	g.running++
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running--; g.running == 0 && g.idle != nil {
		close(g.idle)
	}
}

// close lets nobody in any more, and returns when all have left or ctx is done.
// It is called once.
func (g *gate) close(ctx context.Context) {
	g.mu.Lock()
	g.idle = make(chan struct{})
	if g.running == 0 {
		close(g.idle)
	}
	g.mu.Unlock()
	select {
	case <-g.idle:
	case <-ctx.Done():
	}
}
