package record

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// see takes the drafts for records out of the pipeline that the actor may not
// see, before anything else is said about them: to the actor such a record
// does not exist.
func (s *Session) see(ctx context.Context, e *schema.Entity, works []*work) {
	from := map[*schema.Entity][]*work{}
	s.step(works, func(w *work) error {
		if w.change.Before == nil {
			return nil
		}
		view := e
		if w.gainsRole(e) {
			view = e.Stored() // who gives a role to a record must see the record without it
		}
		from[view] = append(from[view], w)
		return nil
	})
	for view, works := range from {
		filter, err := s.readable(view)
		if err != nil {
			s.step(works, func(*work) error { return err })
			continue
		}
		s.hold(ctx, e, works, filter, func(w *work) map[string]any { return w.change.Before.WithSystem() }, func(w *work) error { return s.hidden(e, w) })
	}
	s.seeDuplicates(ctx, e, works)
}

// hold refuses the drafts whose records, as view shows them, the filter does
// not select.
func (s *Session) hold(ctx context.Context, e *schema.Entity, works []*work, filter schema.Filter, view func(*work) map[string]any, refusal func(*work) error) {
	views := make([]map[string]any, len(works))
	for i, w := range works {
		views[i] = view(w)
	}
	decided, err := s.decide(ctx, e, filter, views)
	for i, w := range works {
		switch {
		case err != nil:
			w.result.Err = err
		case !decided.Match(views[i]):
			w.result.Err = refusal(w)
		}
	}
}

// permit asks for the rights that the drafts take, in the records as they are.
// The claims stay with the draft: permitted holds the record against them as it
// would be, once its values are canonical and complete.
func (s *Session) permit(ctx context.Context, e *schema.Entity, works []*work) {
	known := map[string]*claim{}
	s.step(works, func(w *work) error {
		fields, err := s.touched(w)
		if err != nil {
			return err
		}
		w.claims, err = s.claims(e, w, fields, known)
		return err
	})
	s.holdRules(ctx, e, works, func(w *work) bool { return w.change.Before != nil }, func(w *work) map[string]any {
		asItIs := w.change.Before.WithSystem()
		if w.gainsRole(e) {
			// The rule of a role speaks of those who hold it: would it, if the rest of
			// the record were as it is, and the role as it will be?
			asItIs[schema.RolesField] = append(slices.Clone(e.HeldRoles(asItIs)), e.Name)
			asItIs[e.Name] = w.change.After.Values[e.Name]
		}
		return asItIs
	})
}

// permitted holds the claims that permit has found against the record as it
// would be.
func (s *Session) permitted(ctx context.Context, e *schema.Entity, works []*work) {
	s.holdRules(ctx, e, works, func(w *work) bool { return w.draft.Withdraw == nil }, func(w *work) map[string]any { return w.change.After.WithSystem() })
}

// holdRules holds the drafts that are concerned against the rules of their claims,
// those of one claim together.
func (s *Session) holdRules(ctx context.Context, e *schema.Entity, works []*work, concerned func(*work) bool, view func(*work) map[string]any) {
	var claims []*claim
	of := map[*claim][]*work{}
	s.step(works, func(w *work) error {
		for _, c := range w.claims {
			if !concerned(w) {
				break
			}
			if of[c] == nil {
				claims = append(claims, c)
			}
			of[c] = append(of[c], w)
		}
		return nil
	})
	for _, c := range claims {
		living := slices.DeleteFunc(of[c], (*work).failed)
		s.hold(ctx, e, living, c.rule, view, func(*work) error { return notPermitted(e, c.action) })
	}
}

// touched lists what the caller writes, cut to the depth at which rights are
// given: what is set to another value, and what is set at all where the actor
// does not see the value, since the outcome would tell it.
func (s *Session) touched(w *work) ([]string, error) {
	before := w.change.Before
	var visible map[string]bool
	var values map[string]any
	if before != nil {
		var err error
		if visible, err = s.Policy.Visible(s.Model, s.Actor, before); err != nil {
			return nil, err
		}
		values = before.Values
	}
	set := map[string]bool{}
	for _, path := range slices.Concat(slices.Collect(maps.Keys(w.draft.Set)), slices.Collect(maps.Keys(w.draft.Add))) {
		same := reflect.DeepEqual(schema.Lookup(values, path), schema.Lookup(w.change.After.Values, path))
		if !same || before != nil && !isVisible(visible, path) {
			set[rightsPath(s.Model, w.change.After.Entity, path)] = true
		}
	}
	return slices.Sorted(maps.Keys(set)), nil
}

// mayFindBy refuses an upsert by a field that the actor may not see: finding
// the record would tell its value.
func (s *Session) mayFindBy(e *schema.Entity, d *Draft) error {
	visible, err := s.Policy.Askable(s.Model, s.Actor, e)
	if err != nil || isVisible(visible, d.By.StoragePath()) {
		return err
	}
	return &core.Error{
		Code:    core.Forbidden,
		Message: fmt.Sprintf("You may not find %s by %s, because you may not see it in all of them.", e.Plural, d.By.Name),
	}
}

// gainsRole says whether the change gives the role of this view to a record
// that exists and lacks it.
func (w *work) gainsRole(e *schema.Entity) bool {
	return w.change.Before != nil && (w.draft.Grant != nil || w.draft.By != nil) && !e.HasRole().Match(w.change.Before.Values)
}

// hidden is the answer about a record that exists, but not for the actor: to
// an upsert its unique value is taken, to everybody else it is not there.
func (s *Session) hidden(e *schema.Entity, w *work) error {
	if w.draft.By != nil {
		value, err := e.KeyIn(w.draft.By, w.draft.Set, s.Region)
		if err != nil {
			return core.Refused(err)
		}
		path, sent := w.draft.By.StoragePath(), w.change.Before.Clone()
		schema.Put(sent.Values, path, value) // the record may have another one, and stand for the duplicate that had this
		return s.taken(e, w, sent, path, false)
	}
	return notFound(e, w.change.Before.ID)
}
