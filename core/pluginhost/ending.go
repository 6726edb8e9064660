package pluginhost

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/mention"
)

// End records that a plugin has ended: a host that runs follows within seconds, one
// that does not at its next start. It returns what was in force; of a plugin that
// the registry does not know the zero generation, with the names of all that it
// knows.
func End(ctx context.Context, store Registry, plugin string, how core.Ending, now time.Time) (before core.Registration, known []string, err error) {
	r := newRegister(store)
	if err := r.read(ctx); err != nil {
		return before, nil, err
	}
	if before = r.find(plugin); before.Generation == 0 {
		known = r.names()
		slices.Sort(known)
		return before, known, nil
	}
	return before, nil, r.end(ctx, plugin, how, now)
}

// Entities names the entities and roles that an edition of a plugin brings.
func Entities(e core.Edition) (names []string) {
	d := description(e)
	if d == nil {
		return nil
	}
	for _, source := range mention.Sources(d) {
		e := schema.Outline(source)
		if name := cmp.Or(e.RoleName, e.Name); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (r *register) end(ctx context.Context, plugin string, how core.Ending, at time.Time) error {
	return r.change(ctx, plugin, func(one *core.Registration) bool {
		if one.Ended == how || one.Ended == core.EndedRemoved || one.Generation == 0 { // of what was never in force nothing can end
			return false
		}
		one.Ended, one.EndedAt, one.Next, one.Announcer = how, at, nil, ""
		return true
	})
}

// ended says why a plugin must not run, if that was decided. What is disabled in
// the file of approvals is so for all instances; what is ended in the registry is
// back when it was approved or enabled after that.
func (s *supervisor) ended(approval Approval, looked time.Time) error {
	ctx, cancel := context.WithTimeout(s.running, s.config.StartTimeout)
	defer cancel()
	known := s.register.find(s.name)
	back := approval.allowed().After(known.EndedAt) || s.disabled
	s.disabled = approval.Disabled
	switch {
	case approval.Disabled:
		s.unrecorded = s.register.end(ctx, s.name, core.EndedDisabled, looked)
		return errDisabled
	case known.Ended == "":
		return nil
	case !back && known.Ended == core.EndedRemoved:
		return errRemoved
	case !back:
		return errDisabled
	}
	err := s.register.change(ctx, s.name, func(one *core.Registration) bool {
		was := one.Ended != ""
		one.Ended = ""
		return was
	})
	if err != nil {
		s.disabled = true // it is to be taken back yet
		return fmt.Errorf("record that it may run again: %w", err)
	}
	return nil
}
