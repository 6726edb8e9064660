package plugintest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/shopspring/decimal"
)

func (c *callbacks) Aggregate(_ context.Context, r *pluginpb.AggregateRequest) (*pluginpb.AggregateResponse, error) {
	groups, err := c.aggregate(r)
	return &pluginpb.AggregateResponse{Groups: groups, Error: toWire(err)}, nil
}

func (c *callbacks) aggregate(r *pluginpb.AggregateRequest) ([]*pluginpb.Group, error) {
	e, err := c.asked(r.GetContext(), r.GetEntity())
	if err != nil {
		return nil, err
	}
	filter, g, err := contract.ReadGrouping(c.model, e, r)
	if err != nil {
		return nil, err
	}
	if g, err = g.Complete(e); err != nil {
		return nil, err
	}
	var groups []*pluginpb.Group
	for _, rows := range grouped(rowsOf(c.store.find(e, filter), g.Items), g.By) {
		group := &pluginpb.Group{Count: int64(len(rows))}
		for _, key := range g.By {
			group.Keys = append(group.Keys, encode(rows[0].at(key.Path)))
		}
		values := make([]any, len(g.Measures))
		for i, m := range g.Measures {
			values[i] = measured(rows, m)
		}
		contract.InTypeOf(e, g.Measures, values)
		for _, value := range values {
			group.Values = append(group.Values, encode(value))
		}
		groups = append(groups, group)
	}
	return groups[:min(len(groups), g.Limit)], nil
}

// row is what is counted: a record, or one item of a list in it.
type row struct {
	values map[string]any // those of the record, with its system fields
	items  string         // the storage path of the list; "" for none
	item   any
}

// rowsOf are the records or, where a list is asked about, the items in them.
func rowsOf(records []*stored, items string) []row {
	var rows []row
	for _, r := range records {
		values := r.withSystem()
		if items == "" {
			rows = append(rows, row{values: values})
			continue
		}
		list, _ := schema.Lookup(values, items).([]any)
		for _, item := range list {
			rows = append(rows, row{values, items, item})
		}
	}
	return rows
}

func (r row) at(path string) any {
	if inside, is := strings.CutPrefix(path+".", r.items+"."); is && r.items != "" {
		return schema.Lookup(r.item, strings.TrimSuffix(inside, "."))
	}
	return schema.Lookup(r.values, path)
}

// grouped sorts rows by their keys, and puts those with the same together.
// Without keys there is one group, even of no rows.
func grouped(rows []row, keys []schema.Order) [][]row {
	if len(keys) == 0 {
		return [][]row{rows}
	}
	position := func(r row) []any {
		return schema.Position(keys, func(path string) any {
			if path == "id" {
				return ""
			}
			return r.at(path)
		})
	}
	order := func(a, b row) int {
		x, y := position(a), position(b)
		return cmp.Or(schema.ComparePositions(nil, keys, x, y), cmp.Compare(fmt.Sprint(x), fmt.Sprint(y)))
	}
	slices.SortStableFunc(rows, order)
	var groups [][]row
	for i, r := range rows {
		if i == 0 || order(rows[i-1], r) != 0 {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], r)
	}
	return groups
}

// measured makes one value of those that the rows have; nil of none.
func measured(rows []row, m schema.Measure) any {
	var values []any
	for _, r := range rows {
		if value := r.at(m.Path); value != nil {
			values = append(values, value)
		}
	}
	if len(values) == 0 {
		return nil
	}
	switch m.Func {
	case schema.Min:
		return slices.MinFunc(values, m.Field.Kind().Compare)
	case schema.Max:
		return slices.MaxFunc(values, m.Field.Kind().Compare)
	}
	sum := decimal.Zero
	for _, value := range values {
		sum = sum.Add(schema.Number(value))
	}
	if m.Func == schema.Avg {
		return schema.Average(sum.String(), int64(len(values)))
	}
	return sum.String()
}
