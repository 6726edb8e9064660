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
		if before == nil || !isMerged(e, before) || d.Unmerge || d.Redirect != nil || d.Reform != nil || w.change.Action == core.Erased {
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
	last, err := s.asReader().led(ctx, e, []string{id})
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

// led is survivors by merged records that the actor sees, all that are on the way: one that
// is hidden leads nowhere, or it would tell that it is there and who it became.
func (s *Session) led(ctx context.Context, e *schema.Entity, ids []string) (map[string]string, error) {
	allowed, err := s.readable(e.Stored())
	switch {
	case core.CodeOf(err) == core.Forbidden:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return s.survivors(ctx, e, ids, allowed)
}

// survivors finds for ids of merged records which record stands for each, at the end of
// a chain of merges; ids of others are missing. allowed bounds which merged ones are
// followed.
func (s *Session) survivors(ctx context.Context, e *schema.Entity, ids []string, allowed schema.Filter) (map[string]string, error) {
	last := map[string]string{}
	if !e.KeepsRoles() {
		return last, nil
	}
	next := map[string]string{} // by the id that was merged
	for ask := ids; len(ask) > 0; {
		found, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: schema.All(ByIDs(ask), allowed), First: -1, Deleted: true, Only: []string{schema.MergedField}})
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
	last, err := s.led(ctx, e, missing)
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

// turnLate turns what refers to a merged record, since it was written while they were
// merged.
func (s *Session) turnLate(ctx context.Context, n node) error {
	last, err := s.survivors(ctx, n.e, []string{n.id}, schema.Filter{})
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
