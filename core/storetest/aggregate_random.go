package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func aggregateRandom(d *desk) {
	s := d.seeded()
	all := d.things(s, 150)
	for range 150 {
		q := s.aggregate(d.thing)
		q.Filter = d.where(d.thing, s.filter(d.thing.Fields, 1))
		var selected []*core.Record
		for _, r := range all {
			if q.Filter.Match(r.WithSystem()) {
				selected = append(selected, r)
			}
		}
		d.same(fmt.Sprintf("%+v", q), d.aggregate(q), grouped(selected, q))
	}
}

// aggregate draws what to group and measure, of records or of items.
func (s source) aggregate(e *schema.Entity) core.Aggregate {
	q := core.Aggregate{Grouping: schema.Grouping{Items: pick(s, "", "", "tags", "sizes", "weights", "days", "lines", "lines"), Limit: pick(s, 1, 3, 1000)}}
	paths := sortable()
	switch q.Items {
	case "":
	case "lines":
		paths = append(paths, "lines.person", "lines.text", "lines.quantity", "lines.price.amount", "lines.price.currency", "lines.done", "lines.part.number")
	default:
		paths = append(paths, q.Items)
	}
	for range s.IntN(4) {
		q.By = append(q.By, order(e, pick(s, "", "-")+pick(s, paths...))...)
	}
	for range s.IntN(4) {
		path := pick(s, paths...)
		f, _ := e.At(path)
		functions := []core.Func{core.Count}
		if slices.Contains(f.Kind().Operators(), schema.OpLt) {
			functions = append(functions, core.Min, core.Max)
		}
		if f.Type == "integer" || f.Type == "decimal" {
			functions = append(functions, core.Sum, core.Sum)
		}
		q.Measures = append(q.Measures, core.Measure{Func: pick(s, functions...), Path: path, Field: f})
	}
	return q
}

// row is a record or an item that is grouped: the value at each path.
type row func(path string) any

// rows is what an aggregate groups of these records.
func rows(records []*core.Record, items string) []row {
	var all []row
	for _, r := range records {
		if items == "" {
			all = append(all, r.At)
			continue
		}
		list, _ := r.At(items).([]any)
		for _, item := range list {
			all = append(all, func(path string) any {
				if rest, inside := strings.CutPrefix(path+".", items+"."); inside {
					return schema.Lookup(item, strings.TrimSuffix(rest, "."))
				}
				return r.At(path)
			})
		}
	}
	return all
}

// grouped is the meaning of an aggregate that the stores must agree with.
func grouped(records []*core.Record, q core.Aggregate) []core.Group {
	groups := []core.Group{}
	members := map[string][]row{}
	for _, r := range rows(records, q.Items) {
		keys := make([]any, len(q.By))
		for i, k := range q.By {
			keys[i] = r(k.Path)
		}
		name := fmt.Sprintf("%#v", keys)
		if members[name] == nil {
			groups = append(groups, core.Group{Keys: keys})
		}
		members[name] = append(members[name], r)
	}
	if len(q.By) == 0 && len(groups) == 0 {
		groups = append(groups, core.Group{Keys: []any{}})
	}
	for i := range groups {
		g := &groups[i]
		of := members[fmt.Sprintf("%#v", g.Keys)]
		g.Count = int64(len(of))
		for _, m := range q.Measures {
			g.Values = append(g.Values, figure(of, m))
		}
	}
	slices.SortFunc(groups, func(a, b core.Group) int {
		for i, k := range q.By {
			k.Collated = false // groups of texts come by their bytes
			if order := compare(k, a.Keys[i], b.Keys[i]); order != 0 {
				return order
			}
		}
		return 0
	})
	return groups[:min(q.Limit, len(groups))]
}

func figure(of []row, m core.Measure) any {
	var found []any
	for _, r := range of {
		if value := r(m.Path); value != nil {
			found = append(found, value)
		}
	}
	switch {
	case m.Func == core.Count:
		return int64(len(found))
	case len(found) == 0:
		return nil
	case m.Func == core.Sum:
		sum := schema.Decimal("0")
		for _, value := range found {
			sum = sum.Add(schema.Decimal(fmt.Sprint(value)))
		}
		return sum.String()
	case m.Func == core.Min:
		return slices.MinFunc(found, m.Field.Kind().Compare)
	}
	return slices.MaxFunc(found, m.Field.Kind().Compare)
}
