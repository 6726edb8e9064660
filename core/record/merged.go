package record

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// isMerged says whether another record stands for this one since they were merged.
func isMerged(e *schema.Entity, r *core.Record) bool {
	return r.Deleted() && e.MergedInto(r.Values) != ""
}

// refuseMerged refuses to write a duplicate: another record stands for it, which the error
// names if the actor sees it.
func (s *Session) refuseMerged(ctx context.Context, e *schema.Entity, works []*work) {
	s.step(works, func(w *work) error {
		before, d := w.change.Before, w.draft
		if before == nil || !isMerged(e, before) || d.Unmerge || d.Redirect != nil || w.change.Action == core.Erased {
			return nil
		}
		last, err := s.Survivor(ctx, e, before.ID)
		switch {
		case err != nil:
			return err
		case w.change.Action == core.Restored:
			into := "another one"
			if last != nil {
				into = last.ID
			}
			return &core.Error{Code: core.Conflict, Message: fmt.Sprintf(
				"The %s was not restored: it was merged into %s, which stands for it. Its id and its unique values lead there.", e.Name, into)}
		case last != nil && !last.Deleted():
			return &core.Error{Code: core.NotFound, Message: fmt.Sprintf(
				"There is no %s with the id %s any more: it was merged into %s, which stands for it. Write that one.", e.Name, before.ID, last.ID)}
		}
		return nil // to the actor it is a deleted record like any other
	})
}

// Survivor returns which record stands for a merged one, at the end of a chain of merges:
// without values, and also a deleted one. It is nil for any other id, and if the actor may
// not see that record.
func (s *Session) Survivor(ctx context.Context, e *schema.Entity, id string) (*core.Record, error) {
	last, err := s.survivors(ctx, e, []string{id})
	if err != nil || last[id] == "" {
		return nil, err
	}
	seen, err := s.asReader().Find(ctx, e.Stored(), core.Query{Filter: ByIDs([]string{last[id]}), First: 1, Deleted: true, Only: []string{}})
	if err != nil && core.CodeOf(err) != core.Forbidden {
		return nil, err
	}
	if len(seen) == 0 {
		return nil, nil //nolint:nilnil // there is none, for this actor
	}
	return seen[0], nil
}

// survivors finds for ids of merged records which record stands for each, at the end of
// a chain of merges; ids of others are missing.
func (s *Session) survivors(ctx context.Context, e *schema.Entity, ids []string) (map[string]string, error) {
	last := map[string]string{}
	if !e.KeepsRoles() {
		return last, nil
	}
	next := map[string]string{} // by the id that was merged
	for ask := ids; len(ask) > 0; {
		found, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: ByIDs(ask), First: -1, Deleted: true, Only: []string{schema.MergedField}})
		if err != nil {
			return nil, fmt.Errorf("look for what %s were merged into: %w", e.Plural, err)
		}
		ask = nil
		for _, r := range found {
			into := e.MergedInto(r.Values)
			if !r.Deleted() || into == "" {
				continue
			}
			if _, known := next[into]; !known {
				ask = append(ask, into)
			}
			next[r.ID] = into
		}
	}
	for _, id := range ids {
		at, steps := next[id], 0
		for next[at] != "" && steps <= len(next) {
			at, steps = next[at], steps+1
		}
		if at != "" && steps <= len(next) { // and not two that were merged into each other
			last[id] = at
		}
	}
	return last, nil
}

// stands adds to records by id those that stand for the ids of merged ones, as the actor
// sees them.
func (s *Session) stands(ctx context.Context, e *schema.Entity, byID map[string]*core.Record, ids, only []string) error {
	if !e.KeepsRoles() {
		return nil
	}
	var missing []string
	for _, id := range ids {
		if byID[id] == nil {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	last, err := s.survivors(ctx, e, missing)
	if err != nil || len(last) == 0 {
		return err
	}
	found, err := s.Find(ctx, e, core.Query{Filter: ByIDs(slices.Sorted(maps.Values(last))), First: -1, Only: only})
	if err != nil {
		return err
	}
	for id, into := range last {
		for _, r := range found {
			if r.ID == into {
				byID[id] = r
			}
		}
	}
	return nil
}

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
	last, err := s.survivors(ctx, e, ids)
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
	_, into, err := s.duplicatesBy(ctx, e, f, path, []any{value}, allowed)
	if err != nil || into[value] == "" {
		return nil, err
	}
	byID, err := s.Load(ctx, e, []string{into[value]}, only)
	return byID[into[value]], err
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

// turnLate turns what refers to a merged record, since it was written while they were
// merged.
func (s *Session) turnLate(ctx context.Context, n node) error {
	last, err := s.survivors(ctx, n.e, []string{n.id})
	if err != nil || last[n.id] == "" {
		return err
	}
	unbound := s.Unbound()
	for _, r := range s.Model.ReferencesTo(n.e) {
		for found, err := range s.referrers(ctx, r, []string{n.id}) {
			if err != nil {
				return err
			}
			drafts := make([]Draft, len(found))
			for i, one := range found {
				drafts[i] = Draft{Action: core.Updated, ID: one.ID, Redirect: &Redirect{From: n.id, To: last[n.id]}, within: true}
			}
			for _, saved := range unbound.Save(ctx, r.From, drafts, false) {
				if saved.Err != nil {
					return fmt.Errorf("turn what refers to the duplicate %s: %w", n.id, saved.Err)
				}
			}
		}
	}
	return nil
}
