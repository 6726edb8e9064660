package record

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// duplicatesBy finds the merged records that had one of these values of a unique field,
// and the ids of those that stand for them: for ever, since a duplicate keeps what it
// had. allowed bounds whose duplicates are looked at.
func (s *Session) duplicatesBy(ctx context.Context, e *schema.Entity, f *schema.Field, path string, values []any, allowed schema.Filter) (map[any]*core.Record, map[any]string, error) {
	duplicates, into := map[any]*core.Record{}, map[any]string{}
	if !e.KeepsRoles() || len(values) == 0 {
		return duplicates, into, nil
	}
	found, err := s.Store.Find(ctx, e.Stored(), core.Query{First: -1, Deleted: true, Filter: schema.All(
		schema.Filter{Path: path, Op: schema.OpIn, Value: values, Field: f},
		schema.Filter{Path: "deletedAt", Op: schema.OpIsNull, Value: false, Field: e.Field("deletedAt")}, allowed)})
	if err != nil {
		return nil, nil, fmt.Errorf("look for merged %s: %w", e.Plural, err)
	}
	var ids []string
	for _, r := range found {
		if isMerged(e, r) {
			ids = append(ids, r.ID)
		}
	}
	last, err := s.survivors(ctx, e, ids, schema.Filter{})
	for _, r := range found {
		if last[r.ID] != "" {
			value := schema.Lookup(r.Values, path)
			duplicates[value], into[value] = r, last[r.ID]
		}
	}
	return duplicates, into, err
}

// ByKey returns the record that the actor sees with this canonical value of a unique
// field at its storage path, or nil: a live one, or the one that stands for a duplicate which had it.
func (s *Session) ByKey(ctx context.Context, e *schema.Entity, f *schema.Field, path string, value any, only []string) (*core.Record, error) {
	key := schema.Filter{Path: path, Op: schema.OpEq, Value: value, Field: f}
	found, err := s.Find(ctx, e, core.Query{Filter: key, First: 1, Only: only})
	if err != nil || len(found) > 0 {
		if err != nil {
			return nil, err
		}
		return found[0], nil
	}
	allowed, err := s.readable(e)
	if err != nil {
		return nil, err
	}
	duplicates, _, err := s.duplicatesBy(ctx, e, f, path, []any{value}, allowed)
	if err != nil || duplicates[value] == nil {
		return nil, err
	}
	id := duplicates[value].ID
	byID, err := s.Load(ctx, e, []string{id}, only)
	return byID[id], err
}

// findMerged adds the records that stand for duplicates to those that upserts have found,
// and remembers the duplicates.
func (s *Session) findMerged(ctx context.Context, e *schema.Entity, found map[any]*core.Record, f *schema.Field, values []any, known map[any]*core.Record) error {
	missing := slices.DeleteFunc(slices.Clone(values), func(value any) bool { return found[[2]any{f.Name, value}] != nil })
	duplicates, into, err := s.duplicatesBy(ctx, e, f, f.StoragePath(), missing, schema.Filter{})
	if err != nil || len(into) == 0 {
		return err
	}
	records, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: ByIDs(slices.Sorted(maps.Values(into))), First: -1})
	if err != nil {
		return fmt.Errorf("load %s: %w", e.Plural, err)
	}
	for value, id := range into {
		for _, r := range records {
			if r.ID == id {
				found[[2]any{f.Name, value}], known[[2]any{f.Name, value}] = r, duplicates[value]
			}
		}
	}
	return nil
}

// seeDuplicates takes the drafts out of the pipeline whose record was found by the value of
// a duplicate that does not lead there for the actor.
func (s *Session) seeDuplicates(ctx context.Context, e *schema.Entity, works []*work) {
	var ids []string
	s.step(works, func(w *work) error {
		if w.duplicate != nil {
			ids = append(ids, w.duplicate.ID)
		}
		return nil
	})
	if len(ids) == 0 {
		return
	}
	into, err := s.led(ctx, e, ids)
	s.step(works, func(w *work) error {
		switch {
		case w.duplicate == nil:
			return nil
		case err == nil && into[w.duplicate.ID] != w.change.Before.ID:
			return s.hidden(e, w)
		}
		return err
	})
}

// keepsOwn lists what an upsert that has found its record by what a duplicate had does
// not set: the record's own unique values stay, and both lead to it.
func keepsOwn(e *schema.Entity, duplicate, r *core.Record) map[string]any {
	if duplicate == nil {
		return nil
	}
	own := map[string]any{}
	for path, f := range e.Kept() {
		if was := schema.Lookup(duplicate.Values, path); f.Unique && was != nil && schema.Lookup(r.Values, path) != nil {
			own[path] = was
		}
	}
	return own
}

// uniqueOfMerged refuses unique values that lead to other records, since these stand for
// duplicates which had them.
func (s *Session) uniqueOfMerged(ctx context.Context, e *schema.Entity, works []*work) {
	if !e.KeepsRoles() {
		return
	}
	for path, f := range e.Kept() {
		if !f.Unique {
			continue
		}
		var values []any
		for _, w := range alive(works) {
			if value := newValue(w, path); value != nil {
				values = append(values, value)
			}
		}
		_, into, err := s.duplicatesBy(ctx, e, f, path, values, schema.Filter{})
		if err == nil && len(into) > 0 {
			var lives []*core.Record // a key that leads to a deleted record is free, like that record's own
			lives, err = s.Store.Find(ctx, e.Stored(), core.Query{Filter: ByIDs(slices.Sorted(maps.Values(into))), First: -1, Only: []string{}})
			s.step(alive(works), func(w *work) error {
				id := into[newValue(w, path)]
				if id != w.change.After.ID && slices.ContainsFunc(lives, func(r *core.Record) bool { return r.ID == id }) {
					return s.taken(e, w, w.change.After, path, s.seesUnique(e))
				}
				return nil
			})
		}
		if err != nil {
			s.step(alive(works), func(*work) error { return err })
			return
		}
	}
}
