package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// load reads what is stored now, with one query for the ids and one for the
// values of each unique field.
func (s *Session) load(ctx context.Context, e *schema.Entity, works []*work) {
	var ids []string
	byField := map[*schema.Field][]any{}
	for _, w := range works {
		switch {
		case w.failed():
		case w.draft.ID != "":
			ids = append(ids, w.draft.ID)
		case w.draft.By != nil:
			err := s.mayFindBy(e, w.draft)
			var value any
			if err == nil {
				value, err = e.KeyIn(w.draft.By, w.draft.Set, s.Region)
			}
			if err != nil {
				w.result.Err = core.Refused(err)
				continue
			}
			byField[w.draft.By] = append(byField[w.draft.By], value)
		}
	}
	if err := s.moving(e, true); err != nil {
		s.step(works, func(*work) error { return err })
		return
	}
	found, duplicates := map[any]*core.Record{}, map[any]*core.Record{}
	if err := s.loadInto(ctx, e, found, duplicates, ids, byField); err != nil {
		s.step(works, func(*work) error { return err })
		return
	}
	s.step(works, func(w *work) error {
		w.change = core.Change{Actor: s.Actor, Action: w.draft.Action}
		switch {
		case w.draft.ID != "":
			w.change.Before = found[w.draft.ID]
			if w.change.Before == nil {
				return notFound(e, w.draft.ID)
			}
		case w.draft.By != nil:
			value, _ := e.KeyIn(w.draft.By, w.draft.Set, s.Region)
			key := [2]any{w.draft.By.Name, value}
			if w.change.Before = found[key]; w.change.Before != nil {
				w.change.Action, w.duplicate = core.Updated, duplicates[key]
				w.own = keepsOwn(e, w.duplicate, w.change.Before)
			}
		}
		return nil
	})
	s.see(ctx, e, works)
	s.refuseMerged(ctx, e, works)
}

// loadInto finds records by their ids and by the values of unique fields; those that were
// merged and had such a value are the duplicates.
func (s *Session) loadInto(ctx context.Context, e *schema.Entity, found, duplicates map[any]*core.Record, ids []string, byField map[*schema.Field][]any) error {
	if len(ids) > 0 {
		records, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: ByIDs(ids), First: -1, Deleted: true})
		if err != nil {
			return fmt.Errorf("load %s: %w", e.Plural, err)
		}
		for _, r := range records {
			found[r.ID] = r
		}
	}
	for field, values := range byField {
		filter := schema.Filter{Path: field.StoragePath(), Op: schema.OpIn, Value: values, Field: field}
		records, err := s.Store.Find(ctx, e.Stored(), core.Query{Filter: filter, First: -1})
		if err != nil {
			return fmt.Errorf("load %s: %w", e.Plural, err)
		}
		for _, r := range records {
			found[[2]any{field.Name, schema.Lookup(r.Values, field.StoragePath())}] = r
		}
		if err := s.findMerged(ctx, e, found, field, values, duplicates); err != nil {
			return err
		}
	}
	return nil
}
