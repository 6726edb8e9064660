package record

import (
	"context"
	"errors"
	"fmt"
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
		if w.change.After.Deleted() || w.change.Action == core.Erased {
			continue // what is deleted or erased need not fit today's rules
		}
		violations[i] = s.check(e, w)
	}
	if err := s.checkReferences(ctx, e, living, violations); err != nil {
		s.step(living, func(*work) error { return err })
		return
	}
	for i, w := range living {
		if len(violations[i]) > 0 {
			w.result.Err = invalid(e, violations[i])
		} else if (w.change.Action == core.Updated || w.change.Action == core.Erased) && reflect.DeepEqual(w.change.Before.Values, w.change.After.Values) {
			w.result.Done = Unchanged
			w.change.After = w.change.Before
		}
	}
}

func (s *Session) check(e *schema.Entity, w *work) schema.Violations {
	before, after := w.change.Before, w.change.After
	isNew := before == nil
	checked, err := e.Check(s.withDefaults(e, after.Values, before), isNew, s.Region)
	var violations schema.Violations
	if err != nil {
		errors.As(err, &violations)
	} else {
		after.Values = checked
	}
	violations = append(violations, s.checkRoles(e, after)...)
	if err != nil {
		return violations
	}
	violations = append(violations, e.CheckStates(w.change.ValuesBefore(), checked)...)
	if isNew || w.draft.Redirect != nil {
		return violations
	}
	for path, f := range e.Kept() {
		if !f.Immutable {
			continue
		}
		if was := schema.Lookup(before.Values, path); was != nil && !reflect.DeepEqual(was, schema.Lookup(checked, path)) {
			violations = append(violations, schema.Violation{Field: path, Rule: "immutable", Message: "cannot be changed once it is set"})
		}
	}
	return violations
}

// withDefaults fills in the defaults of a role that the change grants; those
// of a new record are filled in by Check.
func (s *Session) withDefaults(e *schema.Entity, values map[string]any, before *core.Record) map[string]any {
	if before == nil {
		return values
	}
	for _, role := range s.Model.Roles(e.Stored()) {
		if before.Values[role.Name] != nil || values[role.Name] == nil {
			continue
		}
		for _, f := range role.Fields {
			if f.Default != nil && schema.Lookup(values, f.StoragePath()) == nil && f.Path != "" {
				schema.Put(values, f.StoragePath(), f.Default)
			}
		}
	}
	return values
}

// invalid is the error of a draft with violations, in the words of the view.
func invalid(e *schema.Entity, violations schema.Violations) error {
	for i := range violations {
		violations[i].Field = e.FromStorage(violations[i].Field)
	}
	violations.Sort()
	return &core.Error{
		Code:       core.Invalid,
		Message:    fmt.Sprintf("The %s was not saved: some fields need attention.", e.Name),
		Violations: violations,
	}
}

func notFound(e *schema.Entity, id string) error {
	return &core.Error{Code: core.NotFound, Message: fmt.Sprintf("There is no %s with the id %s, or you may not see it.", e.Name, id)}
}

func stale(e *schema.Entity) error {
	return &core.Error{
		Code:       core.Conflict,
		Message:    fmt.Sprintf("The %s was changed by somebody else in the meantime. Reload it and try again.", e.Name),
		Violations: schema.Violations{{Field: "version", Rule: "version", Message: "is out of date"}},
	}
}
