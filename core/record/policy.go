package record

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// see takes the drafts for records out of the pipeline that the actor may not
// see, before anything else is said about them: to the actor such a record
// does not exist.
func (s *Session) see(ctx context.Context, e *schema.Entity, works []*work) {
	readable := s.readable(ctx)
	s.step(works, func(w *work) error {
		if w.change.Before == nil {
			return nil
		}
		from := e
		if w.gainsRole(e) {
			from = e.Stored() // who gives a role to a record must see the record without it
		}
		filter, err := readable(from)
		if err != nil {
			return err
		}
		if !filter.Match(w.change.Before.WithSystem()) {
			return hidden(e, w)
		}
		return nil
	})
}

// permit asks for the right to write the fields that the caller names, in a
// record as it is. The rule stays with the draft: permitted holds the record
// against it as it would be, once its values are canonical and complete.
func (s *Session) permit(ctx context.Context, e *schema.Entity, works []*work) {
	rules := map[string]schema.Filter{}
	s.step(works, func(w *work) error {
		fields, err := s.touched(w)
		if err != nil {
			return err
		}
		key := string(w.change.Action) + " " + strings.Join(fields, " ")
		rule, known := rules[key]
		if !known {
			if rule, err = s.Policy.Writable(s.Model, s.Actor, e, w.change.Action, fields); err != nil {
				return err
			}
			if rule, err = s.resolve(ctx, rule, s.anyIDs); err != nil {
				return err
			}
			rules[key] = rule
		}
		if w.rule = rule; w.change.Before == nil {
			return nil
		}
		asItIs := w.change.Before.WithSystem()
		if w.gainsRole(e) {
			// The rule of a role speaks of those who hold it: would it, if the rest of
			// the record were as it is, and the role as it will be?
			held, _ := asItIs[schema.RolesField].([]any)
			asItIs[schema.RolesField] = append(slices.Clone(held), e.Name)
			asItIs[e.Name] = w.change.After.Values[e.Name]
		}
		if !rule.Match(asItIs) {
			return notPermitted(e)
		}
		return nil
	})
}

func (s *Session) permitted(e *schema.Entity, works []*work) {
	s.step(works, func(w *work) error {
		if w.draft.Withdraw == nil && !w.rule.Match(w.change.After.WithSystem()) {
			return notPermitted(e)
		}
		return nil
	})
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
	return sorted(set), nil
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

// readable returns a function that answers which records the actor may see,
// asking the policy once for each entity.
func (s *Session) readable(ctx context.Context) func(*schema.Entity) (schema.Filter, error) {
	type answer struct {
		filter schema.Filter
		err    error
	}
	answers := map[*schema.Entity]answer{}
	return func(e *schema.Entity) (schema.Filter, error) {
		a, known := answers[e]
		if !known {
			if a.filter, a.err = s.Policy.Readable(s.Model, s.Actor, e); a.err == nil {
				a.filter, a.err = s.resolve(ctx, schema.All(e.HasRole(), a.filter), s.anyIDs)
			}
			answers[e] = a
		}
		return a.filter, a.err
	}
}

// gainsRole says whether the change gives the role of this view to a record
// that exists and lacks it.
func (w *work) gainsRole(e *schema.Entity) bool {
	return w.change.Before != nil && (w.draft.Grant != nil || w.draft.By != nil) &&
		!e.HasRole().Match(w.change.Before.Values)
}

// hidden is the answer about a record that exists, but not for the actor: to
// an upsert its unique value is taken, to everybody else it is not there.
func hidden(e *schema.Entity, w *work) error {
	if w.draft.By != nil {
		return taken(e, w.change.Before, w.draft.By.StoragePath())
	}
	return notFound(e, w.change.Before.ID)
}

func notPermitted(e *schema.Entity) error {
	return &core.Error{
		Code:    core.Forbidden,
		Message: fmt.Sprintf("You may not make this change to the %s: your roles do not allow it for this record.", e.Name),
	}
}
