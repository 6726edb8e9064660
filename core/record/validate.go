package record

import (
	"context"
	"errors"
	"reflect"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// validate brings every change into the canonical form and collects all that
// is wrong with it. A change that changes nothing leaves the pipeline here.
func (s *Session) validate(ctx context.Context, e *schema.Entity, works []*work) {
	living := alive(works)
	violations := make([]schema.Violations, len(living))
	for i, w := range living {
		if w.change.After.Deleted() || w.change.Action == core.Erased || w.draft.Reform != nil && w.judged == nil {
			continue // what is deleted, erased or says the same need not fit today's rules
		}
		violations[i] = s.check(e, w)
	}
	if err := s.checkReferences(ctx, e, living, violations); err != nil {
		s.step(living, func(*work) error { return err })
		return
	}
	for i, w := range living {
		if len(violations[i]) > 0 {
			w.result.Err = s.unfit(e, w, violations[i])
		} else if (w.change.Action == core.Updated || w.change.Action == core.Erased) && reflect.DeepEqual(w.change.Before.Values, w.change.After.Values) {
			w.result.Done = Unchanged
			w.change.After = w.change.Before
		}
	}
}

func (s *Session) check(e *schema.Entity, w *work) schema.Violations {
	before, after := w.change.Before, w.change.After
	isNew := before == nil
	if !isNew {
		s.Model.FillRoles(e, before.Values, after.Values)
	}
	var violations schema.Violations
	var checked map[string]any
	var err error
	if isNew {
		checked, err = e.Check(after.Values, true, s.Region)
	} else {
		checked, err = e.CheckChange(before.Values, after.Values, s.Region)
	}
	if err != nil {
		errors.As(err, &violations)
	} else {
		after.Values = checked
	}
	violations = append(violations, s.Model.CheckRoles(e, after.Values)...)
	if err != nil {
		return violations
	}
	violations = append(violations, e.CheckLength(w.change.ValuesBefore(), checked)...)
	violations = append(violations, e.CheckStates(w.change.ValuesBefore(), checked)...)
	violations = append(violations, e.CheckFiles(checked)...)
	violations = append(violations, e.CheckGapless(w.change.ValuesBefore(), checked)...)
	if w.draft.InheritsFrom == "" {
		violations = append(violations, e.CheckOptions(w.change.ValuesBefore(), checked)...)
	}
	if w.change.Action == core.Restored {
		violations = append(violations, e.CheckOther(nil, checked)...)
	} else {
		violations = append(violations, e.CheckOther(w.change.ValuesBefore(), checked)...)
	}
	if isNew || w.draft.Redirect != nil {
		return violations
	}
	return append(violations, e.CheckImmutable(before.Values, checked)...)
}

// invalid is the error of a draft with violations, in the words of the view.
func invalid(e *schema.Entity, violations schema.Violations) error {
	return core.Refused(e.Unfit(violations))
}

func notFound(e *schema.Entity, id string) error { return core.Refused(e.NoRecord(id)) }
