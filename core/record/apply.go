package record

import (
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/shopspring/decimal"
)

// apply makes the record as it would be after the change.
func (s *Session) apply(e *schema.Entity, w *work) error {
	d, before := w.draft, w.change.Before
	if before != nil {
		if err := s.guard(e, d, before); err != nil {
			return err
		}
	}
	after := before.Clone()
	if after == nil {
		after = &core.Record{Entity: e.Stored().Name, ID: s.NewID(), Values: map[string]any{}}
	}
	if err := refuseSystem(e, d.Set); err != nil {
		return err
	}
	for path, value := range d.Set {
		schema.Put(after.Values, path, core.CloneValue(value))
	}
	for path, amount := range d.Add {
		if err := add(e, after.Values, path, amount); err != nil {
			return err
		}
	}
	w.change.After = after
	w.change.At = s.Now().UTC()
	w.result.Done = w.change.Action
	switch w.change.Action {
	case core.Created:
		after.CreatedAt, after.CreatedBy = w.change.At, s.Actor.ID
		grant(after, e, w.change.At)
	case core.Updated:
		if d.By != nil {
			grant(after, e, w.change.At)
		}
	case core.Deleted:
		after.DeletedAt = w.change.At
	case core.Restored:
		after.DeletedAt = time.Time{}
		schema.Put(after.Values, schema.MergedField, nil)
	case core.Merged:
		after.DeletedAt = w.change.At
		schema.Put(after.Values, schema.MergedField, d.MergeInto)
	case core.Erased:
		after.Values = e.WithoutPII(after.Values)
	}
	s.redirect(e, after, d.Redirect)
	grant(after, d.Grant, w.change.At)
	withdraw(after, d.Withdraw, w.change.At)
	after.UpdatedAt, after.UpdatedBy = w.change.At, s.Actor.ID
	after.Version++
	return nil
}

// refuseSystem keeps callers from writing what the program keeps itself.
func refuseSystem(e *schema.Entity, values map[string]any) error {
	var violations schema.Violations
	for path := range values {
		name, inside, _ := strings.Cut(path, ".")
		f := e.Stored().Field(name)
		if inside != "" {
			f, _ = e.At(path)
		}
		if f != nil && f.System {
			violations = append(violations, schema.Violation{Field: path, Rule: "system", Message: "is kept by the program and cannot be set"})
		}
	}
	if len(violations) == 0 {
		return nil
	}
	return invalid(e, violations)
}

// guard refuses a change that was meant for another state of the record.
func (s *Session) guard(e *schema.Entity, d *Draft, before *core.Record) error {
	switch {
	case d.Action == core.Restored && !before.Deleted():
		return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The %s is not deleted.", e.Name)}
	case d.Action != core.Restored && d.Action != core.Erased && d.Redirect == nil && before.Deleted():
		return notFound(e, before.ID)
	case d.IfVersion != 0 && d.IfVersion != before.Version:
		return stale(e)
	case d.Action == core.Deleted && e.IsRole() && holdsOther(e, before):
		return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The %s also holds other roles. Withdraw the role %s instead, or delete the %s.", e.Name, e.Name, e.Base.Name)}
	case len(d.From) > 0:
		return s.stands(e, d.From, before)
	case d.Guard != nil:
		return s.guarded(e, *d.Guard, before)
	}
	return nil
}

// stands refuses a change unless the record is in one of the states.
func (s *Session) stands(e *schema.Entity, from []string, before *core.Record) error {
	f := e.StateField()
	states := make([]any, len(from))
	for i, state := range from {
		states[i] = state
	}
	err := s.guarded(e, schema.Filter{Path: f.StoragePath(), Op: schema.OpIn, Value: states, Field: f}, before)
	if core.CodeOf(err) != core.Conflict {
		return err
	}
	return &core.Error{
		Code:       core.Conflict,
		Message:    fmt.Sprintf("The %s was not changed: its %s is %v, not %s. Reload it and try again.", e.Name, f.Name, schema.Lookup(before.Values, f.StoragePath()), strings.Join(from, " or ")),
		Violations: schema.Violations{{Field: f.Name, Rule: "from", Message: "is another by now"}},
	}
}

// guarded refuses a change unless the record fits the guard, which may speak only
// of what the actor sees: the outcome would tell the rest.
func (s *Session) guarded(e *schema.Entity, guard schema.Filter, before *core.Record) error {
	visible, err := s.Policy.Visible(s.Model, s.Actor, before)
	if err != nil {
		return err
	}
	var hidden schema.Violations
	paths(guard, "", func(path string) {
		if !schema.IsSystem(path) && !isVisible(visible, path) {
			hidden = append(hidden, schema.Violation{Field: e.FromStorage(path), Rule: "forbidden", Message: "may not be part of the guard, because you may not see it"})
		}
	})
	switch {
	case len(hidden) > 0:
		return &core.Error{Code: core.Forbidden, Message: fmt.Sprintf("The %s was not changed: its guard asks for what you may not see.", e.Name), Violations: hidden}
	case !guard.Match(before.WithSystem()):
		return &core.Error{
			Code: core.Conflict, Message: fmt.Sprintf("The %s was not changed: the condition does not hold.", e.Name),
			Violations: schema.Violations{{Field: "guard", Rule: "guard", Message: "does not hold for the record as it is"}},
		}
	}
	return nil
}

// add changes a number by an amount, exactly.
func add(e *schema.Entity, values map[string]any, path, amount string) error {
	field, inList := e.At(path)
	delta, err := decimal.NewFromString(amount)
	if field == nil || inList || err != nil || (field.Type != "integer" && field.Type != "decimal") {
		return invalid(e, schema.Violations{{Field: path, Rule: "add", Message: "must be a number of the record to add " + amount + " to"}})
	}
	now := decimal.Zero
	switch v := schema.Lookup(values, path).(type) {
	case int64:
		now = decimal.NewFromInt(v)
	case string:
		now = schema.Decimal(v)
	}
	schema.Put(values, path, now.Add(delta).String())
	return nil
}
