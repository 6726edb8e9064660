package record

import (
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
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
	if violations := e.CheckSet(d.Set); len(violations) > 0 {
		return invalid(e, violations)
	}
	for path, value := range d.Set {
		if was, leads := w.own[path]; leads && s.same(e, path, value, was) {
			continue
		}
		schema.Put(after.Values, path, core.CloneValue(value))
	}
	if violations := e.Add(after.Values, d.Add); len(violations) > 0 {
		return invalid(e, violations)
	}
	w.change.After = after
	w.began = s.Now()
	w.change.At = w.began.UTC()
	w.result.Done = w.change.Action
	switch w.change.Action {
	case core.Created:
		after.CreatedAt, after.CreatedBy = w.change.At, s.Actor.ID
		e.Grant(after.Values, w.change.At)
	case core.Updated:
		if d.By != nil {
			e.Grant(after.Values, w.change.At)
		}
	case core.Deleted:
		after.DeletedAt = w.change.At
		if d.with != "" {
			e.PutDeletedWith(after.Values, d.with)
		}
	case core.Restored:
		after.DeletedAt = time.Time{}
		e.PutDeletedWith(after.Values, nil)
		e.PutMerged(after.Values, nil)
	case core.Merged:
		after.DeletedAt = w.change.At
		e.PutMerged(after.Values, d.MergeInto)
	case core.Erased:
		after.Values = e.WithoutPII(after.Values)
	}
	s.redirect(e, after, d.Redirect)
	if d.Reform != nil {
		s.reform(e, after, d.Reform)
	}
	if d.Grant != nil {
		d.Grant.Grant(after.Values, w.change.At)
	}
	if d.Withdraw != nil {
		d.Withdraw.Withdraw(after.Values, w.change.At)
	}
	after.UpdatedAt, after.UpdatedBy = w.change.At, s.Actor.ID
	after.Version++
	return nil
}

// reform brings what lies there into the form of today.
func (s *Session) reform(e *schema.Entity, r *core.Record, how *Reform) {
	if how.To != nil {
		r.Values = core.CloneValue(how.To).(map[string]any)
	}
	now, _ := e.FormNow(r.Values, s.Region)
	for _, path := range how.Leave {
		schema.Put(now, path, schema.Lookup(r.Values, path))
	}
	r.Values = now
}

// same says whether what a caller sends is this canonical value.
func (s *Session) same(e *schema.Entity, path string, sent, value any) bool {
	f, _ := e.At(path)
	parsed, err := f.Kind().Parse(f, sent, schema.Scope{Region: s.Region})
	return err == nil && parsed == value
}

// guard refuses a change that was meant for another state of the record.
func (s *Session) guard(e *schema.Entity, d *Draft, before *core.Record) error {
	switch {
	case d.Action == core.Restored && !before.Deleted():
		return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The %s is not deleted.", e.Name)}
	case d.Action != core.Restored && d.Action != core.Erased && d.Redirect == nil && d.Reform == nil && before.Deleted():
		return notFound(e, before.ID)
	case d.IfVersion != 0 && d.IfVersion != before.Version:
		return stale(e)
	}
	if d.Action == core.Deleted {
		if err := e.CheckDelete(before.Values); err != nil {
			return core.Refused(err)
		}
	}
	if len(d.From) > 0 {
		if err := s.mayAsk(e, e.InStates(d.From), before); err != nil {
			return err
		}
		if err := e.CheckFrom(d.From, before.Values); err != nil {
			return core.Refused(err)
		}
	}
	if d.Guard == nil {
		return nil
	}
	if err := s.mayAsk(e, *d.Guard, before); err != nil {
		return err
	}
	return core.Refused(e.CheckGuard(*d.Guard, before.WithSystem()))
}

// mayAsk refuses a condition that speaks of what the actor does not see: the
// outcome would tell it.
func (s *Session) mayAsk(e *schema.Entity, guard schema.Filter, before *core.Record) error {
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
	if len(hidden) == 0 {
		return nil
	}
	return &core.Error{Code: core.Forbidden, Message: fmt.Sprintf("The %s was not changed: its guard asks for what you may not see.", e.Name), Violations: hidden}
}
