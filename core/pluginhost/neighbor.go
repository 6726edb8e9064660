package pluginhost

import (
	"context"
	"errors"

	"github.com/openxrm/xrm/schema"
)

// awaitEntity returns true once the contribution that was refused for an
// entity that is not there need not be refused any more: plugins start in
// whatever order, and the entity may be another's. The plugin is INVALID in
// the meantime, and stays so when ctx is done first.
func (s *supervisor) awaitEntity(ctx context.Context) bool {
	more := func([]Status) bool { return s.countNeighbors() > s.neighbors }
	for s.board.wait(ctx, more) == nil {
		if s.reconsider() {
			return true
		}
	}
	return false
}

// reconsider asks again for the contribution that was refused. Once accepted it
// counts at once, as that of a plugin that is down: its rules fail closed until
// its process has started.
func (s *supervisor) reconsider() bool {
	s.admission.Lock()
	defer s.admission.Unlock()
	s.neighbors = s.countNeighbors()
	err := s.admit(s.refused)
	if err == nil {
		s.board.update(s.name, func(e *entry) { e.contribution, e.accepted = s.refused, true })
	}
	return !errors.Is(err, schema.ErrNoEntity)
}

// countNeighbors counts the other plugins that have been accepted.
func (s *supervisor) countNeighbors() int {
	entries, _ := s.board.look()
	n := 0
	for _, e := range entries {
		if e.accepted && e.status.Name != s.name {
			n++
		}
	}
	return n
}
