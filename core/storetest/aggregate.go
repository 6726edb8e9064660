package storetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func aggregateTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"without keys there is one group, even of nothing": aggregateAll,
		"a missing value makes a group, which comes first": aggregateMissing,
		"the groups come in their order, up to the limit":  aggregateOrder,
		"only what the query selects counts":               aggregateSelects,
		"a sum loses no digit":                             aggregateExact,
		"every line of every order counts by itself":       aggregateItems,
		"random aggregates agree with the records":         aggregateRandom,
	}
}

func (d *desk) aggregate(q core.Aggregate) []core.Group {
	d.t.Helper()
	if q.Limit == 0 {
		q.Limit = 1000
	}
	groups, err := d.Aggregate(d.ctx, d.thing, q)
	if err != nil {
		d.t.Fatalf("Aggregate(%+v): %v", q, err)
	}
	return groups
}

// measures reads measures such as "sum size".
func (d *desk) measures(all ...string) []core.Measure {
	var list []core.Measure
	for _, text := range all {
		function, path, _ := strings.Cut(text, " ")
		f, _ := d.thing.At(path)
		list = append(list, core.Measure{Func: core.Func(function), Path: path, Field: f})
	}
	return list
}

func aggregateAll(d *desk) {
	q := core.Aggregate{Measures: d.measures("count weight", "sum weight", "min weight", "max name", "sum size")}
	d.same("of nothing", d.aggregate(q), []core.Group{{Values: []any{int64(0), "0", nil, nil, "0"}}})
	d.createAll(d.thing, values{"weight": "10"}, values{"weight": "9.5", "name": "a", "size": int64(3)}, values{"name": "b", "size": int64(-5)})
	d.same("of three", d.aggregate(q), []core.Group{{Count: 3, Values: []any{int64(2), "19.5", "9.5", "b", "-2"}}})
}

func aggregateMissing(d *desk) {
	d.createAll(d.thing, values{"color": "red", "size": int64(1)}, values{"size": int64(2)}, values{"color": "red"}, values{})
	got := d.aggregate(core.Aggregate{By: order(d.thing, "color"), Measures: d.measures("sum size", "max size")})
	d.same("by color", got, []core.Group{
		{Keys: []any{nil}, Count: 2, Values: []any{"2", int64(2)}},
		{Keys: []any{"red"}, Count: 2, Values: []any{"1", int64(1)}},
	})
}

func aggregateOrder(d *desk) {
	for _, weight := range []string{"10", "9", "-1", "9", "100"} {
		d.createAll(d.thing, values{"weight": weight, "open": true}, values{"weight": weight, "open": false})
	}
	got := d.aggregate(core.Aggregate{By: order(d.thing, "-open", "weight"), Limit: 6})
	d.same("the first six", got, []core.Group{
		{Keys: []any{true, "-1"}, Count: 1}, {Keys: []any{true, "9"}, Count: 2}, {Keys: []any{true, "10"}, Count: 1}, {Keys: []any{true, "100"}, Count: 1},
		{Keys: []any{false, "-1"}, Count: 1}, {Keys: []any{false, "9"}, Count: 2},
	})
}

func aggregateSelects(d *desk) {
	d.colors()
	by := order(d.thing, "color")
	d.same("what lives", d.aggregate(core.Aggregate{By: by}), []core.Group{{Keys: []any{nil}, Count: 1}, {Keys: []any{"blue"}, Count: 1}, {Keys: []any{"red"}, Count: 2}})
	red := d.where(d.thing, values{"color": values{"eq": "red"}})
	d.same("what is or was red", d.aggregate(core.Aggregate{By: by, Filter: red, Deleted: true}), []core.Group{{Keys: []any{"red"}, Count: 3}})
	d.same("a search", d.aggregate(core.Aggregate{By: by, Search: [][]string{{"strass"}}}), []core.Group{{Keys: []any{"blue"}, Count: 1}, {Keys: []any{"red"}, Count: 1}})
}

func aggregateExact(d *desk) {
	d.createAll(d.thing,
		values{"color": "red", "weight": "9999999999999999999999999999999999", "size": int64(9223372036854775807)},
		values{"color": "red", "weight": "9999999999999999999999999999999999", "size": int64(9223372036854775807)},
		values{"color": "red", "weight": "0.0000000000000000000000000000000001", "size": int64(1)},
		values{"color": "green", "weight": "1000000000000000000000000000000000"},
		values{"color": "green", "weight": "0.01"},
		values{"color": "green", "weight": "-1000000000000000000000000000000000"},
		values{"color": "blue", "weight": "0.1"},
		values{"color": "blue", "weight": "0.2"},
	)
	got := d.aggregate(core.Aggregate{By: order(d.thing, "color"), Measures: d.measures("sum weight", "sum size")})
	d.same("sums", got, []core.Group{
		{Keys: []any{"blue"}, Count: 2, Values: []any{"0.3", "0"}},
		{Keys: []any{"green"}, Count: 3, Values: []any{"0.01", "0"}},
		{Keys: []any{"red"}, Count: 3, Values: []any{"19999999999999999999999999999999998.0000000000000000000000000000000001", "18446744073709551615"}},
	})
}

func aggregateItems(d *desk) {
	line := func(person, quantity string) values { return values{"person": person, "quantity": quantity} }
	d.createAll(d.thing,
		values{"owner": "p1", "lines": []any{line("p7", "1"), line("p8", "2.5"), line("p7", "4")}},
		values{"owner": "p2", "lines": []any{line("p7", "8"), values{"text": "no quantity"}}},
		values{"owner": "p3"},
	)
	got := d.aggregate(core.Aggregate{Items: "lines", By: order(d.thing, "owner", "lines.person"), Measures: d.measures("sum lines.quantity")})
	d.same("by owner and person", got, []core.Group{
		{Keys: []any{"p1", "p7"}, Count: 2, Values: []any{"5"}},
		{Keys: []any{"p1", "p8"}, Count: 1, Values: []any{"2.5"}},
		{Keys: []any{"p2", nil}, Count: 1, Values: []any{"0"}},
		{Keys: []any{"p2", "p7"}, Count: 1, Values: []any{"8"}},
	})
}

func aggregateRandom(d *desk) {
	s := d.seeded()
	all := d.things(s, 150)
	numbers := []string{"size", "weight", "price.amount", "place.area", "place.spot.row", "version"}
	ordered := slices.Concat(numbers, []string{"name", "day", "at", "email", "createdAt", "deletedAt"})
	items := map[string][]string{
		"": nil, "tags": {"tags"}, "sizes": {"sizes"}, "weights": {"weights"}, "days": {"days"},
		"lines": {"lines.person", "lines.text", "lines.quantity", "lines.price.amount", "lines.price.currency", "lines.done", "lines.part.number"},
	}
	numeric := map[string]bool{"sizes": true, "weights": true, "lines.quantity": true, "lines.price.amount": true, "lines.part.number": true}
	for range 150 {
		q := core.Aggregate{Items: pick(s, "", "", "tags", "sizes", "weights", "days", "lines", "lines"), Limit: pick(s, 1, 3, 1000), Filter: d.where(d.thing, s.filter(d.thing.Fields, 1))}
		keys := slices.Concat(sortable(), items[q.Items], items[q.Items])
		for range s.IntN(3) {
			q.By = append(q.By, order(d.thing, pick(s, "", "-")+pick(s, keys...))...)
		}
		for range s.IntN(4) {
			path := pick(s, slices.Concat(ordered, items[q.Items])...)
			function := core.Count
			switch {
			case slices.Contains(numbers, path) || numeric[path]:
				function = pick(s, core.Count, core.Sum, core.Min, core.Max)
			case slices.Contains(ordered, path) || path == "days" || path == "tags":
				function = pick(s, core.Count, core.Min, core.Max)
			}
			q.Measures = append(q.Measures, d.measures(string(function)+" "+path)...)
		}
		var selected []*core.Record
		for _, r := range all {
			if q.Filter.Match(r.WithSystem()) {
				selected = append(selected, r)
			}
		}
		d.same(fmt.Sprintf("%+v", q), d.aggregate(q), grouped(selected, q))
	}
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
	case m.Func == core.Sum:
		sum := schema.Decimal("0")
		for _, value := range found {
			sum = sum.Add(schema.Decimal(fmt.Sprint(value)))
		}
		return sum.String()
	case len(found) == 0:
		return nil
	case m.Func == core.Min:
		return slices.MinFunc(found, m.Field.Kind().Compare)
	}
	return slices.MaxFunc(found, m.Field.Kind().Compare)
}
