package record

import (
	"context"
	"fmt"
	"reflect"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// findTaken tells a dry run what the store would refuse: unique values that
// another live record has, or another draft of the same call.
func (s *Session) findTaken(ctx context.Context, e *schema.Entity, works []*work) {
	for path, field := range e.Kept() {
		if !field.Unique {
			continue
		}
		owner, err := s.owners(ctx, e, path, field, works)
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
				return taken(e, w.change.After, path)
			}
			owner[value] = w.change.After.ID
			return nil
		})
	}
}

// owners finds which record has each of the values that the drafts set at a path.
func (s *Session) owners(ctx context.Context, e *schema.Entity, path string, field *schema.Field, works []*work) (map[any]string, error) {
	owner := map[any]string{}
	var values []any
	for _, w := range alive(works) {
		if value := newValue(w, path); value != nil {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return owner, nil
	}
	filter := schema.Filter{Path: path, Op: schema.OpIn, Value: values, Field: field}
	records, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: filter, First: -1, Only: []string{path}})
	for _, r := range records {
		owner[schema.Lookup(r.Values, path)] = r.ID
	}
	return owner, err
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
