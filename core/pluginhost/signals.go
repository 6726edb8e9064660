package pluginhost

import "sync"

// signals tell the supervisors that something has changed for their plugins: in
// the directory, or in the registry.
type signals struct {
	mu  sync.Mutex
	all map[string]chan struct{}
}

// of makes the signal of a plugin, for its supervisor to wait for; false when there
// is one already.
func (s *signals) of(name string) (signal <-chan struct{}, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all[name] != nil {
		return nil, false
	}
	if s.all == nil {
		s.all = map[string]chan struct{}{}
	}
	s.all[name] = make(chan struct{}, 1)
	return s.all[name], true
}

// know says whether a plugin has a supervisor.
func (s *signals) know(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[name] != nil
}

// give lets the supervisor of a plugin, if there is one, look again.
func (s *signals) give(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.all[name] <- struct{}{}:
	default: // it has yet to look at the change before
	}
}
