package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// maxJoined bounds how many records a filter over a reference may select on
// the other side, because their ids travel with the query.
const maxJoined = 10_000

// findIDs finds the records behind a reference that a filter selects.
type findIDs func(ctx context.Context, target *schema.Entity, f schema.Filter) ([]*core.Record, error)

// resolve replaces each comparison that reaches over a reference by the ids
// it selects there, since no store joins.
func (s *Session) resolve(ctx context.Context, f schema.Filter, find findIDs) (schema.Filter, error) {
	return f.Map(func(c schema.Filter) (schema.Filter, error) {
		if c.Op != schema.OpTo {
			return c, nil
		}
		target, err := s.Model.Find(c.Field.To)
		if err != nil {
			return c, err
		}
		records, err := find(ctx, target, *c.Sub)
		if err != nil {
			return c, err
		}
		if len(records) > maxJoined {
			return c, &core.Error{
				Code:    core.Invalid,
				Message: fmt.Sprintf("The filter on %s selects more than %d %s. Narrow it.", c.Path, maxJoined, target.Plural),
			}
		}
		ids := make([]any, len(records))
		for i, r := range records {
			ids[i] = r.ID
		}
		return schema.Filter{Path: c.Path, Op: schema.OpIn, Value: ids, Field: c.Field}, nil
	})
}

// readableIDs is for what a caller asks: only what the caller may see counts,
// or else the filter would tell what the answer hides.
func (s *Session) readableIDs(ctx context.Context, target *schema.Entity, f schema.Filter) ([]*core.Record, error) {
	return s.Find(ctx, target, core.Query{Filter: f, First: maxJoined + 1})
}

// anyIDs is for a rule, which may refer to what the actor may not see.
func (s *Session) anyIDs(ctx context.Context, target *schema.Entity, f schema.Filter) ([]*core.Record, error) {
	q := core.Query{Filter: schema.All(target.HasRole(), f), First: maxJoined + 1}
	return s.Store.Find(ctx, target.Stored(), q)
}
