package pluginhost

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// recall makes what is known from an earlier run part of the API, until the
// plugin itself says what it contributes.
func (s *supervisor) recall() {
	e := s.board.find(s.name)
	if e.contribution == nil {
		return
	}
	s.admission.Lock()
	defer s.admission.Unlock()
	if err := s.admit(e.contribution); err != nil {
		s.log.Warn("what the plugin contributed earlier does not fit any more", "error", err)
		return
	}
	s.board.update(s.name, func(e *entry) { e.accepted = true })
}

// accept is admit, with an error that says what can help.
func (s *supervisor) accept(c *Contribution) error {
	s.held, s.refused = s.admissions.Load(), nil
	err := s.admit(c)
	switch {
	case err == nil:
		return nil
	case core.CodeOf(err) == core.Unavailable:
		return err // what the contribution needs is down; the plugin is not to blame
	case errors.Is(err, schema.ErrNoEntity):
		s.refused = c
	}
	return fmt.Errorf("%w: %w", errInvalid, err)
}

// admit refuses what another plugin has, or what does not fit the rest.
func (s *supervisor) admit(c *Contribution) error {
	entries, _ := s.board.look()
	for _, e := range entries {
		switch {
		case e.contribution == nil:
		case e.status.Name != s.name:
			if err := clash(c, e.contribution); err != nil {
				return err
			}
		case e.accepted && reflect.DeepEqual(e.contribution, c):
			return nil
		}
	}
	return s.offer(c)
}

func (s *supervisor) offer(c *Contribution) error {
	if s.config.Accept != nil {
		if err := s.config.Accept(*c); err != nil {
			return err
		}
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
		err := s.admit(s.refused)
		if errors.Is(err, schema.ErrNoEntity) {
			return false
		}
		if err == nil {
			s.board.update(s.name, func(e *entry) { e.contribution, e.accepted = s.refused, true })
		}
	}
	s.refused, s.spurned = nil, nil
	return true
}

func clash(c, other *Contribution) error {
	for _, o := range c.Operations {
		for _, taken := range other.Operations {
			if o.Name == taken.Name {
				return fmt.Errorf("the plugin %s already has an operation %s; rename one", other.Plugin, o.Name)
			}
		}
	}
	for _, f := range c.Fields {
		for _, taken := range other.Fields {
			if f.Entity == taken.Entity && f.Field.Name == taken.Field.Name {
				return fmt.Errorf("the plugin %s already has a field %s.%s; rename one", other.Plugin, f.Entity, f.Field.Name)
			}
		}
	}
	return nil
}

// data is what stays of a contribution when its plugin must not run.
func (c *Contribution) data() *Contribution {
	return &Contribution{Plugin: c.Plugin, Version: c.Version, Entities: c.Entities, PartyData: c.PartyData, Retired: true}
}
