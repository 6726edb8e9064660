package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// hide takes the records out of the pipeline that the actor may not see, before
// anything else is said about them: to the actor they do not exist.
func (s *Session) hide(ctx context.Context, e *schema.Entity, works []*work) {
	seen := s.readable(ctx)
	s.step(works, func(w *work) error {
		before := w.change.Before
		if before == nil {
			return nil
		}
		// Who gives a role to a record must see the record without it.
		from := e
		if w.gainsRole(e) {
			from = e.Stored()
		}
		readable, err := seen(from)
		if err != nil {
			return err
		}
		if !readable.Match(withSystem(before)) {
			return hidden(e, w)
		}
		return nil
	})
}

// policy asks for the rights to write the record as it is and as it would be.
func (s *Session) policy(ctx context.Context, e *schema.Entity, works []*work) {
	s.step(works, func(w *work) error {
		before, after := w.change.Before, w.change.After
		rule, err := s.Policy.Writable(s.Model, s.Actor, e, w.change.Action, w.fields(s.Model))
		if err != nil {
			return err
		}
		if rule, err = s.resolve(ctx, rule, s.anyIDs); err != nil {
			return err
		}
		asWas := before == nil || w.gainsRole(e) || rule.Match(withSystem(before))
		asWillBe := w.draft.Withdraw != nil || rule.Match(withSystem(after))
		if !asWas || !asWillBe {
			return &core.Error{
				Code:    core.Forbidden,
				Message: fmt.Sprintf("You may not make this change to the %s: your roles do not allow it for this record.", e.Name),
			}
		}
		return nil
	})
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
