package party

import (
	"context"
	"iter"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// page is how many records are in memory at a time.
const page = 200

// find loads parties, deleted ones too, in the order of their ids. One that is
// not there, or that the actor may not see, is NotFound.
func find(ctx context.Context, session *record.Session, e *schema.Entity, ids ...string) ([]*core.Record, error) {
	found, err := session.Find(ctx, e, core.Query{Filter: record.ByIDs(ids), First: len(ids), Deleted: true})
	if err != nil {
		return nil, err
	}
	parties := make([]*core.Record, len(ids))
	for i, id := range ids {
		at := slices.IndexFunc(found, func(r *core.Record) bool { return r.ID == id })
		if at < 0 {
			return nil, core.Refused(e.NoRecord(id))
		}
		parties[i] = found[at]
	}
	return parties, nil
}

// referring hands over the records that refer to a party by one reference,
// deleted ones too, in the order of their ids, a page at a time. They may
// change meanwhile. An error comes alone, and last.
func referring(ctx context.Context, session *record.Session, r schema.Reference, id string) iter.Seq2[[]*core.Record, error] {
	return func(yield func([]*core.Record, error) bool) {
		q := core.Query{First: page, Deleted: true, Per: &core.Per{Path: r.Path, InList: r.InList, Keys: []string{id}}}
		for {
			found, err := session.Find(ctx, r.From, q)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(found) > 0 {
				q.After = []any{found[len(found)-1].ID}
			}
			full := len(found) == page
			if !yield(found, nil) || !full {
				return
			}
		}
	}
}

// duplicates are the parties that were merged into one, and those that were
// merged into them before, each once, and never the one itself: of two that
// were merged into each other none is left.
func duplicates(ctx context.Context, session *record.Session, e *schema.Entity, id string) ([]*core.Record, error) {
	var all []*core.Record
	known := map[string]bool{id: true}
	for into := []any{id}; len(into) > 0; {
		merged := schema.Filter{Path: schema.MergedField, Op: schema.OpIn, Value: into, Field: e.Field(schema.MergedField)}
		found, err := session.Find(ctx, e, core.Query{Filter: merged, First: -1, Deleted: true})
		if err != nil {
			return nil, err
		}
		into = nil
		for _, one := range found {
			if !known[one.ID] {
				known[one.ID] = true
				into, all = append(into, one.ID), append(all, one)
			}
		}
	}
	return all, nil
}
