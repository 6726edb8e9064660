package storetest

import (
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
	q := core.Aggregate{Grouping: schema.Grouping{Measures: d.measures("count weight", "sum weight", "min weight", "max name", "sum size")}}
	d.same("of nothing", d.aggregate(q), []core.Group{{Values: []any{int64(0), nil, nil, nil, nil}}})
	d.createAll(d.thing, values{"weight": "10"}, values{"weight": "9.5", "name": "a", "size": int64(3)}, values{"name": "b", "size": int64(-5)})
	d.same("of three", d.aggregate(q), []core.Group{{Count: 3, Values: []any{int64(2), "19.5", "9.5", "b", "-2"}}})
}

func aggregateMissing(d *desk) {
	d.createAll(d.thing, values{"color": "red", "size": int64(1)}, values{"size": int64(2)}, values{"color": "red"}, values{})
	got := d.aggregate(core.Aggregate{Grouping: schema.Grouping{By: order(d.thing, "color"), Measures: d.measures("sum size", "max size")}})
	d.same("by color", got, []core.Group{
		{Keys: []any{nil}, Count: 2, Values: []any{"2", int64(2)}},
		{Keys: []any{"red"}, Count: 2, Values: []any{"1", int64(1)}},
	})
}

func aggregateOrder(d *desk) {
	for _, weight := range []string{"10", "9", "-1", "9", "100"} {
		d.createAll(d.thing, values{"weight": weight, "open": true}, values{"weight": weight, "open": false})
	}
	got := d.aggregate(core.Aggregate{Grouping: schema.Grouping{By: order(d.thing, "-open", "weight"), Limit: 6}})
	d.same("the first six", got, []core.Group{
		{Keys: []any{true, "-1"}, Count: 1}, {Keys: []any{true, "9"}, Count: 2}, {Keys: []any{true, "10"}, Count: 1}, {Keys: []any{true, "100"}, Count: 1},
		{Keys: []any{false, "-1"}, Count: 1}, {Keys: []any{false, "9"}, Count: 2},
	})
}

func aggregateSelects(d *desk) {
	d.colors()
	by := order(d.thing, "color")
	d.same("what lives", d.aggregate(core.Aggregate{Grouping: schema.Grouping{By: by}}), []core.Group{{Keys: []any{nil}, Count: 1}, {Keys: []any{"blue"}, Count: 1}, {Keys: []any{"red"}, Count: 2}})
	red := d.where(d.thing, values{"color": values{"eq": "red"}})
	d.same("what is or was red", d.aggregate(core.Aggregate{Filter: red, Deleted: true, Grouping: schema.Grouping{By: by}}), []core.Group{{Keys: []any{"red"}, Count: 3}})
	d.same("a search", d.aggregate(core.Aggregate{Search: [][]string{{"strass"}}, Grouping: schema.Grouping{By: by}}), []core.Group{{Keys: []any{"blue"}, Count: 1}, {Keys: []any{"red"}, Count: 1}})
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
	got := d.aggregate(core.Aggregate{Grouping: schema.Grouping{By: order(d.thing, "color"), Measures: d.measures("sum weight", "sum size")}})
	d.same("sums", got, []core.Group{
		{Keys: []any{"blue"}, Count: 2, Values: []any{"0.3", nil}},
		{Keys: []any{"green"}, Count: 3, Values: []any{"0.01", nil}},
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
	got := d.aggregate(core.Aggregate{Grouping: schema.Grouping{Items: "lines", By: order(d.thing, "owner", "lines.person"), Measures: d.measures("sum lines.quantity")}})
	d.same("by owner and person", got, []core.Group{
		{Keys: []any{"p1", "p7"}, Count: 2, Values: []any{"5"}},
		{Keys: []any{"p1", "p8"}, Count: 1, Values: []any{"2.5"}},
		{Keys: []any{"p2", nil}, Count: 1, Values: []any{nil}},
		{Keys: []any{"p2", "p7"}, Count: 1, Values: []any{"8"}},
	})
}
