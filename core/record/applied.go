package record

import (
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Applied returns a record as it would be after drafts of it, made one after
// the other. No right is asked for, nothing is written, and what is wrong with
// the values is left to Save.
func (s *Session) Applied(e *schema.Entity, r *core.Record, drafts []Draft) (*core.Record, error) {
	for i := range drafts {
		w := &work{draft: &drafts[i], result: &Result{}, change: core.Change{Actor: s.Actor, Action: drafts[i].Action, Before: r}}
		if err := s.apply(e, w); err != nil {
			return nil, err
		}
		_ = s.check(e, w) // for the canonical form, and the defaults of a role that is granted
		r = w.change.After
	}
	return r, nil
}
