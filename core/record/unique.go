package record

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// unique asks about unique values before the commit does: for a dry run, and where
// there are so many drafts that their commit could tell the actor more than he may
// be told of records that he does not see. Commits that are on their way when he was
// told enough cannot be taken back, so they tell a few more.
func (s *Session) unique(ctx context.Context, e *schema.Entity, works []*work, dryRun bool) {
	s.ration(e, works, setsUnique(e))
	s.uniqueOfMerged(ctx, e, works)
	if dryRun || len(works) > s.guesses.left(s.Actor.ID, s.Now()) && !s.seesUnique(e) {
		s.findTaken(ctx, e, works)
		s.ration(e, works, setsUnique(e))
	}
}

// ration refuses drafts that could tell of a record which the actor does not see
// that it has a unique value, once he was told as much as he may: also those that
// would succeed, since that tells as well.
func (s *Session) ration(e *schema.Entity, works []*work, could func(*work) bool) {
	wait := s.guesses.wait(s.Actor.ID, s.Now())
	if wait <= 0 || s.seesUnique(e) {
		return
	}
	s.step(alive(works), func(w *work) error {
		if could(w) {
			return toldEnough(wait)
		}
		return nil
	})
}

// isUpsert says whether the record of a draft is found by a unique value.
func isUpsert(w *work) bool { return w.draft.By != nil }

// setsUnique says whether the change sets a unique value anew.
func setsUnique(e *schema.Entity) func(*work) bool {
	return func(w *work) bool {
		for path, field := range e.Kept() {
			if field.Unique && newValue(w, path) != nil {
				return true
			}
		}
		return false
	}
}

// seesUnique says whether the actor sees all records of the entity with their unique
// values, so that no value tells him anything. Who acts for a merge does not learn
// more than the merge tells.
func (s *Session) seesUnique(e *schema.Entity) bool {
	if s.Reader != nil {
		return true
	}
	rule, err := s.Policy.Readable(s.Model, s.Actor, e.Stored())
	if err != nil || !rule.IsZero() {
		return false
	}
	visible, err := s.Policy.Askable(s.Model, s.Actor, e.Stored())
	if err != nil {
		return false
	}
	for path, field := range e.Kept() {
		if field.Unique && !isVisible(visible, path) {
			return false
		}
	}
	return true
}

// findTaken tells before a commit what the store would refuse: unique values that
// another live record has, or another draft of the same call.
func (s *Session) findTaken(ctx context.Context, e *schema.Entity, works []*work) {
	for path, field := range e.Kept() {
		if !field.Unique {
			continue
		}
		owner, seen, err := s.owners(ctx, e, path, field, works)
		if err != nil {
			s.step(alive(works), func(*work) error { return fmt.Errorf("look for taken values: %w", err) })
			return
		}
		s.step(alive(works), func(w *work) error {
			value := newValue(w, path)
			if value == nil {
				return nil
			}
			if other, has := owner[value]; has && other != w.change.After.ID {
				return s.taken(e, w, w.change.After, path, seen[value])
			}
			owner[value], seen[value] = w.change.After.ID, true
			return nil
		})
	}
}

// owners finds which record has each of the values that the drafts set at a path,
// and for which of them the actor sees that.
func (s *Session) owners(ctx context.Context, e *schema.Entity, path string, field *schema.Field, works []*work) (owner map[any]string, seen map[any]bool, err error) {
	owner, seen = map[any]string{}, map[any]bool{}
	var values []any
	for _, w := range alive(works) {
		if value := newValue(w, path); value != nil {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return owner, seen, nil
	}
	filter := schema.Filter{Path: path, Op: schema.OpIn, Value: values, Field: field}
	records, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: filter, First: -1, Only: []string{path}})
	if err != nil || len(records) == 0 {
		return owner, seen, err
	}
	for _, r := range records {
		owner[schema.Lookup(r.Values, path)] = r.ID
	}
	seen, err = s.seesOwners(ctx, e, path, filter)
	return owner, seen, err
}

// seesOwners finds the values of a unique field, among those that a filter selects,
// which the actor sees in a record.
func (s *Session) seesOwners(ctx context.Context, e *schema.Entity, path string, filter schema.Filter) (map[any]bool, error) {
	seen := map[any]bool{}
	allowed, err := s.readable(e.Stored())
	if core.CodeOf(err) == core.Forbidden {
		return seen, nil
	}
	if err != nil {
		return nil, err
	}
	records, err := s.Store.Find(ctx, e.Stored(), core.Query{
		Filter: schema.All(allowed, filter), First: -1, Only: append(s.Policy.Deciding(s.Model, s.Actor, e.Stored()), path),
	})
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		visible, err := s.Policy.Visible(s.Model, s.Actor, r)
		if err != nil {
			return nil, err
		}
		if isVisible(visible, path) {
			seen[schema.Lookup(r.Values, path)] = true
		}
	}
	return seen, nil
}

// taken is the error of a unique value, at a storage path of the record, that
// another record has; seen says whether the actor sees that. It names the field, and
// the value only if the actor knows it.
func (s *Session) taken(e *schema.Entity, w *work, r *core.Record, path string, seen bool) error {
	if !seen && s.Reader == nil {
		if wait := s.guesses.tell(s.Actor.ID, s.Now()); wait > 0 {
			return toldEnough(wait)
		}
	}
	secret, err := s.secret(w)
	if err != nil {
		return err
	}
	err = core.Refused(e.Taken(path, schema.Lookup(r.Values, path)))
	var refused *core.Error
	if errors.As(err, &refused) {
		refused.Violations = refused.Violations.Unquote(func(string) bool { return secret(path) })
	}
	return err
}

// newValue is the value at a path that the change sets anew, or nil.
func newValue(w *work, path string) any {
	value := schema.Lookup(w.change.After.Values, path)
	if w.change.After.Deleted() || w.change.Before != nil && w.change.Action != core.Restored &&
		reflect.DeepEqual(value, schema.Lookup(w.change.Before.Values, path)) {
		return nil
	}
	return value
}
