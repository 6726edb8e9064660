package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Aggregate returns the groups of the records that the actor may see. It
// needs no more of By and Measures than paths: it fills in the fields. A path
// that the actor may not sort by is refused, or else a sum would tell what the
// records hide. A Limit of 0 means 1000 groups.
func (s *Session) Aggregate(ctx context.Context, e *schema.Entity, q core.Aggregate) ([]core.Group, error) {
	asked, err := q.Complete(e)
	if err != nil {
		return nil, core.Refused(err)
	}
	q.Grouping = asked
	allowed, err := s.restrict(e, core.Query{Filter: q.Filter, Search: q.Search, OrderBy: askedFor(q)})
	if err != nil {
		return nil, err
	}
	q.Filter, q.Search = allowed.Filter, allowed.Search
	measures := q.Measures
	q.Measures = withoutAverages(measures)
	groups, err := s.Store.Aggregate(ctx, e.Stored(), q)
	if err != nil {
		return nil, fmt.Errorf("aggregate %s: %w", e.Plural, err)
	}
	if err := s.moving(e, false); err != nil {
		return nil, err
	}
	for i := range groups {
		groups[i].Values = withAverages(measures, groups[i].Values)
	}
	return groups, nil
}

// askedFor lists all that the answer tells about, like keys of a sort.
func askedFor(q core.Aggregate) []core.Order {
	var all []core.Order
	if q.Items != "" { // how many there are is told also without a key or measure
		all = append(all, core.Order{Path: q.Items})
	}
	all = append(all, q.By...)
	for _, m := range q.Measures {
		all = append(all, core.Order{Path: m.Path})
	}
	return all
}

// withoutAverages asks for the sum and the count instead of each average.
func withoutAverages(measures []core.Measure) []core.Measure {
	var plain []core.Measure
	for _, m := range measures {
		if m.Func == core.Avg {
			plain = append(plain, core.Measure{Func: core.Sum, Path: m.Path, Field: m.Field})
			m.Func = core.Count
		}
		plain = append(plain, m)
	}
	return plain
}

// withAverages puts each average in the place of its sum and count.
func withAverages(measures []core.Measure, plain []any) []any {
	values := make([]any, len(measures))
	for i, m := range measures {
		values[i], plain = plain[0], plain[1:]
		if m.Func == core.Avg {
			values[i], plain = average(values[i], plain[0]), plain[1:]
		}
	}
	return values
}

func average(sum, count any) any {
	total, _ := sum.(string)
	n, _ := count.(int64)
	return schema.Average(total, n)
}
