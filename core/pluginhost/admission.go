package pluginhost

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

// replaceBy puts what is left of a contribution in its place.
func (s *supervisor) replaceBy(left snapshot.Contribution) {
	s.admission.Lock()
	defer s.admission.Unlock()
	if err := s.admit(snapshot.Offer{Contribution: left}); err != nil {
		s.log.Warn("the entities of the plugin do not fit any more", "error", err)
		s.strip(left)
	}
	s.board.update(s.name, func(e *entry) { e.contribution, e.admitted = &left, true })
}

// strip lets hold what is left of a contribution that does not fit any more.
func (s *supervisor) strip(c snapshot.Contribution) {
	if err := s.config.Admit(snapshot.Offer{Contribution: c.Remainder()}); err != nil {
		s.log.Error("the rules of the plugin are not as they should be", "error", err)
	}
}

// accept is admit, with an error that says what can help.
func (s *supervisor) accept(o snapshot.Offer) error {
	s.held, s.refused = s.admissions.Load(), nil
	err := s.admit(o)
	switch {
	case err == nil:
		return nil
	case core.CodeOf(err) == core.Unavailable:
		return err // what the contribution needs is down; the plugin is not to blame
	case errors.Is(err, schema.ErrNoEntity):
		s.refused = &o
	}
	return fmt.Errorf("%w: %w", errInvalid, err)
}

// admit offers a contribution, unless it is the one that holds already.
func (s *supervisor) admit(o snapshot.Offer) error {
	if e := s.board.find(s.name); e.admitted && reflect.DeepEqual(*e.contribution, o.Contribution) {
		if o.Ready != nil {
			o.Ready()
		}
		return nil
	}
	if err := s.config.Admit(o); err != nil {
		return err
	}
	s.admissions.Add(1)
	return nil
}

// reconsider says whether the contribution that was refused may fit by now:
// plugins start in whatever order, and what it lacks may be another's. One that
// fits counts at once, as that of a plugin that is down: its rules fail closed
// until its process has started.
func (s *supervisor) reconsider() bool {
	s.admission.Lock()
	defer s.admission.Unlock()
	if s.held == s.admissions.Load() {
		return false
	}
	s.held = s.admissions.Load()
	if s.current == nil {
		again := *s.refused
		again.Ready = func() {
			s.board.update(s.name, func(e *entry) { e.contribution, e.admitted = &again.Contribution, true })
		}
		if errors.Is(s.admit(again), schema.ErrNoEntity) {
			return false
		}
	}
	s.refused, s.spurned = nil, nil
	return true
}
