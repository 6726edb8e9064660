package transport

import (
	"context"
	"sync"

	"github.com/openxrm/xrm/core/graphql/execution"
)

// streams keeps count of what is answered over connections that stay open. The
// zero value is ready.
type streams struct {
	mu          sync.Mutex
	operations  int
	stopped     context.Context // ends when there shall be no more
	stop        context.CancelFunc
	connections sync.WaitGroup
}

// stopping ends when the server is about to.
func (s *streams) stopping() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped == nil {
		s.stopped, s.stop = context.WithCancel(context.Background())
	}
	return s.stopped
}

// connect lets a connection stay open until leave is called; it is nil when the
// server stops.
func (s *streams) connect() (leave func()) {
	stopping := s.stopping()
	s.mu.Lock()
	defer s.mu.Unlock()
	if stopping.Err() != nil {
		return nil
	}
	s.connections.Add(1)
	return s.connections.Done
}

// begin says why an operation cannot begin; if it can, end must follow.
func (s *streams) begin(most int) *execution.Error {
	stopping := s.stopping()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case stopping.Err() != nil:
		return errorf("UNAVAILABLE", serverStops)
	case s.operations >= most:
		return errorf("RATE_LIMITED", "The server has %d subscriptions already, which is its limit; try again later.", most)
	}
	s.operations++
	return nil
}

func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.operations--
}

// Shutdown completes all subscriptions, lets queries and mutations end and
// closes the connections that stay open; there will be no new ones. It returns
// the error of ctx if that takes longer.
func (h *Handler) Shutdown(ctx context.Context) error {
	s := &h.streams
	s.stopping()
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		s.connections.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
