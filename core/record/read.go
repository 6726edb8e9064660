package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Find returns the records of an entity or role that the query selects and
// the actor may see, without the fields that the actor may not see. The
// filter may reach over references; q.Filter and q.OrderBy use storage paths.
func (s *Session) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	q, err := s.restrict(e, q)
	if err != nil {
		return nil, err
	}
	if q.Only != nil {
		q.Only = append(s.deciding(e), q.Only...)
	}
	records, err := s.Store.Find(ctx, e.Stored(), q)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", e.Plural, err)
	}
	if err := s.moving(e, false); err != nil {
		return nil, err
	}
	if err := s.maskAll(e, records); err != nil {
		return nil, err
	}
	return records, s.maskKept(ctx, e, records)
}

// Count returns how many records Find would find without a page, for each key
// of q.Per or for the key "", and no more than limit.
func (s *Session) Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error) {
	q, err := s.restrict(e, q)
	if err != nil {
		return nil, err
	}
	counts, err := s.Store.Count(ctx, e.Stored(), q, limit)
	if err != nil {
		return nil, fmt.Errorf("count %s: %w", e.Plural, err)
	}
	if err := s.moving(e, false); err != nil {
		return nil, err
	}
	return counts, nil
}

// Load returns the records with these ids that the actor may see, by id, in
// one query; of each record what is wanted, as core.Query.Only has it. Ids
// without such a record are missing; that of a merged one which the actor may see leads
// to the record that stands for it.
func (s *Session) Load(ctx context.Context, e *schema.Entity, ids []string, only []string) (map[string]*core.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := s.Find(ctx, e, core.Query{Filter: ByIDs(ids), First: -1, Only: only})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]*core.Record, len(records))
	for _, r := range records {
		byID[r.ID] = r
	}
	return byID, s.stands(ctx, e, byID, ids, only)
}

// History returns what happened to a record, latest first, as far as the
// actor may see the record, its fields and what they refer to today.
func (s *Session) History(ctx context.Context, e *schema.Entity, id string, first int, before int64) ([]core.Entry, error) {
	q, err := s.restrict(e, core.Query{Filter: ByIDs([]string{id}), First: 1, Deleted: true, Only: s.deciding(e)})
	if err != nil {
		return nil, err
	}
	found, err := s.Store.Find(ctx, e.Stored(), q)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", e.Name, err)
	}
	if len(found) == 0 {
		return nil, nil
	}
	visible, err := s.Policy.Visible(s.Model, s.Actor, found[0])
	if err != nil {
		return nil, err
	}
	entries, err := s.Store.History(ctx, e.Stored(), id, first, before)
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", e.Name, err)
	}
	for i := range entries {
		entries[i].Diffs = visibleDiffs(e, entries[i].Diffs, visible)
	}
	return entries, s.tellLeads(ctx, entries, s.leads(e))
}

// deciding are the values that say what the actor may see of a record; never nil.
func (s *Session) deciding(e *schema.Entity) []string {
	return append([]string{}, s.Policy.Deciding(s.Model, s.Actor, e.Stored())...)
}

// restrict narrows a query to what the actor may see and ask for.
func (s *Session) restrict(e *schema.Entity, q core.Query) (core.Query, error) {
	allowed, err := s.readable(e)
	if err != nil {
		return q, err
	}
	if err := s.askable(e, &q); err != nil {
		return q, err
	}
	asked, err := s.asked(q.Filter)
	q.Filter = schema.All(allowed, asked)
	return q, err
}

// ByIDs selects records by their ids. What no store can have as an id, since it is
// no text, selects nothing.
func ByIDs(ids []string) schema.Filter {
	values := make([]any, 0, len(ids))
	for _, id := range ids {
		if schema.IsText(id) {
			values = append(values, id)
		}
	}
	return schema.Filter{Path: "id", Op: schema.OpIn, Value: values, Field: schema.SystemFields[0]}
}
