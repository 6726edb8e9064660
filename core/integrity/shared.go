package integrity

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// maxNamed is how many of the others that share a value are named with each.
const maxNamed = 3

// shared looks for unique values of living records that others have too. The index of
// the field, which is unique as long as all is in order, answers for a part at a time.
func (c *check) shared(ctx context.Context, e *schema.Entity, found []*core.Record) error {
	for path, f := range e.Kept() {
		if !f.Unique {
			continue
		}
		var values []any
		for _, r := range found {
			if v := schema.Lookup(r.Values, path); !r.Deleted() && v != nil && f.Reads(v) {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			continue
		}
		several, others, err := c.sharers(ctx, e, path, f, values)
		if err != nil {
			return err
		}
		for _, r := range found {
			v := schema.Lookup(r.Values, path)
			if n := several[v]; n > 1 && !r.Deleted() {
				c.add(Finding{Shared, e.Name, r.ID, path, shown(v), fmt.Sprintf("%s is %s, %s; change all but one", path, shown(v), also(r.ID, n-1, others[v]))})
			}
		}
	}
	return nil
}

// sharers finds which of these values several living records have, how many, and the
// ids of some of them.
func (c *check) sharers(ctx context.Context, e *schema.Entity, path string, f *schema.Field, values []any) (several map[any]int64, ids map[any][]string, err error) {
	among := func(values []any) schema.Filter {
		return schema.Filter{Path: path, Op: schema.OpIn, Value: values, Field: f}
	}
	groups, err := c.store.Aggregate(ctx, e, core.Aggregate{Filter: among(values), Grouping: schema.Grouping{By: []core.Order{{Path: path, Field: f}}, Limit: len(values)}})
	if err != nil {
		return nil, nil, fmt.Errorf("count who has the same %s: %w", path, err)
	}
	several, ids = map[any]int64{}, map[any][]string{}
	var again []any
	for _, g := range groups {
		if g.Count > 1 {
			several[g.Keys[0]], again = g.Count, append(again, g.Keys[0])
		}
	}
	if len(again) == 0 {
		return several, ids, nil
	}
	found, err := c.store.Find(ctx, e, core.Query{Filter: among(again), First: MaxPart, Only: []string{path}})
	for _, r := range found {
		if v := schema.Lookup(r.Values, path); len(ids[v]) <= maxNamed {
			ids[v] = append(ids[v], r.ID)
		}
	}
	return several, ids, err
}

// also names others that have the same value: "as in 2 other living records: a, b".
func also(id string, n int64, ids []string) string {
	ids = slices.DeleteFunc(slices.Clone(ids), func(other string) bool { return other == id })
	ids = ids[:min(len(ids), maxNamed)]
	text, more := "as in another living record", ""
	if n > 1 {
		text = fmt.Sprintf("as in %d other living records", n)
	}
	if len(ids) == 0 {
		return text
	}
	if int64(len(ids)) < n {
		more = " and more"
	}
	return text + ": " + strings.Join(ids, ", ") + more
}
