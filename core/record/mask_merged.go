package record

import (
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// maskMerged takes out of records what they were merged into where the actor may not see
// that: its id would tell that it is there.
func (s *Session) maskMerged(ctx context.Context, e *schema.Entity, records []*core.Record) error {
	var ids []any
	for _, r := range records {
		if r.Deleted() {
			ids = append(ids, r.Values[schema.MergedField])
		}
	}
	hidden, err := s.hiddenMerged(ctx, e, ids)
	for _, r := range records {
		if into := e.MergedInto(r.Values); hidden[into] {
			delete(r.Values, schema.MergedField)
		}
	}
	return err
}

// tellMerged is maskMerged for entries of the history.
func (s *Session) tellMerged(ctx context.Context, e *schema.Entity, entries []core.Entry) error {
	var ids []any
	for _, entry := range entries {
		for _, d := range entry.Diffs {
			if d.Path == schema.MergedField {
				ids = append(ids, d.From, d.To)
			}
		}
	}
	hidden, err := s.hiddenMerged(ctx, e, ids)
	if err != nil || len(hidden) == 0 {
		return err
	}
	for i, entry := range entries {
		entries[i].Diffs = slices.DeleteFunc(slices.Clone(entry.Diffs), func(d core.Diff) bool {
			from, _ := d.From.(string)
			to, _ := d.To.(string)
			return d.Path == schema.MergedField && (hidden[from] || hidden[to])
		})
	}
	return nil
}

// hiddenMerged are those of the ids in fields mergedInto whose records the actor may not
// see, were they deleted or not.
func (s *Session) hiddenMerged(ctx context.Context, e *schema.Entity, values []any) (map[string]bool, error) {
	if !e.KeepsRoles() {
		return nil, nil
	}
	hidden := map[string]bool{}
	var ids []string
	for _, value := range values {
		if id, _ := value.(string); id != "" && !hidden[id] {
			hidden[id], ids = true, append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	allowed, err := s.readable(e.Stored())
	switch {
	case core.CodeOf(err) == core.Forbidden:
		return hidden, nil
	case err != nil:
		return nil, err
	case allowed.IsZero():
		return nil, nil
	}
	seen, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: schema.All(allowed, ByIDs(ids)), First: -1, Deleted: true, Only: []string{}})
	if err != nil {
		return nil, fmt.Errorf("look for what %s were merged into: %w", e.Plural, err)
	}
	for _, r := range seen {
		delete(hidden, r.ID)
	}
	return hidden, nil
}
