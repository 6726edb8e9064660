package record_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func by(paths ...string) []core.Order {
	var keys []core.Order
	for _, path := range paths {
		keys = append(keys, core.Order{Path: path})
	}
	return keys
}

// aggregated is a line of text for each group: its keys, count and values.
func (d *desk) aggregated(a core.Actor, entity string, q core.Aggregate) []string {
	d.Helper()
	groups, err := d.as(a).Aggregate(d.Context(), d.entity(entity), q)
	if err != nil {
		d.Fatal(err)
	}
	lines := []string{}
	for _, g := range groups {
		lines = append(lines, fmt.Sprint(g.Keys, g.Count, g.Values))
	}
	return lines
}

func (d *desk) limited(country, amount, currency string) *core.Record {
	d.Helper()
	return d.create("customer", map[string]any{"kind": "person", "displayName": "A", "country": country, "customer.creditLimit": map[string]any{"amount": amount, "currency": currency}})
}

func TestAnAggregateCountsOnlyWhatTheActorMaySee(t *testing.T) {
	d := newDesk(t)
	d.limited("DE", "100.10", "EUR")
	d.limited("DE", "0.20", "EUR")
	d.limited("DE", "7", "USD")
	d.limited("FR", "1000", "EUR")
	q := core.Aggregate{Grouping: schema.Grouping{By: by("customer.creditLimit.currency"), Measures: []core.Measure{{Func: core.Sum, Path: "customer.creditLimit.amount"}, {Func: core.Avg, Path: "customer.creditLimit.amount"}}}}
	for name, tt := range map[string]struct {
		actor core.Actor
		want  []string
	}{
		"the administrator": {admin, []string{"[EUR] 3 [1100.3 366.766666666666666667]", "[USD] 1 [7 7]"}},
		"German customers":  {german, []string{"[EUR] 2 [100.3 50.15]", "[USD] 1 [7 7]"}},
	} {
		if diff := cmp.Diff(tt.want, d.aggregated(tt.actor, "customer", q)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
	if _, err := d.as(nobody).Aggregate(t.Context(), d.entity("customer"), q); core.CodeOf(err) != core.Forbidden {
		t.Errorf("who may see no customers gets %v; want FORBIDDEN", err)
	}
}

func TestTheLinesOfOrdersAreAddedUpForThoseWhoMaySeeTheOrder(t *testing.T) {
	d := newDesk(t)
	tea := d.create("product", map[string]any{"sku": "1", "name": "Tea"}).ID
	coffee := d.create("product", map[string]any{"sku": "2", "name": "Coffee"}).ID
	line := func(product, quantity string) map[string]any {
		return map[string]any{"product": product, "quantity": quantity, "unitPrice": map[string]any{"amount": "1", "currency": "EUR"}}
	}
	d.create("order", map[string]any{"customer": d.customer("Berlin", "DE").ID, "lines": []any{line(tea, "1"), line(coffee, "2.5"), line(tea, "3")}})
	d.create("order", map[string]any{"customer": d.customer("Paris", "FR").ID, "lines": []any{line(tea, "10")}})
	q := core.Aggregate{Grouping: schema.Grouping{Items: "lines", By: by("lines.product"), Measures: []core.Measure{{Func: core.Sum, Path: "lines.quantity"}}}}
	for name, tt := range map[string]struct {
		actor core.Actor
		want  []string
	}{
		"the administrator":          {admin, []string{"[" + tea + "] 3 [14]", "[" + coffee + "] 1 [2.5]"}},
		"orders of German customers": {keeper, []string{"[" + tea + "] 2 [4]", "[" + coffee + "] 1 [2.5]"}},
	} {
		if diff := cmp.Diff(tt.want, d.aggregated(tt.actor, "order", q)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", name, diff)
		}
	}
}

func TestAnAggregateTellsNothingOfAHiddenField(t *testing.T) {
	d := newDesk(t)
	d.customer("Berlin", "DE")
	const refused = "You may not filter, sort or search customers by note, because you may not see it in all of them."
	for name, q := range map[string]core.Aggregate{
		"as a key":     {Grouping: schema.Grouping{By: by("note")}},
		"as a measure": {Grouping: schema.Grouping{Measures: []core.Measure{{Func: core.Max, Path: "note"}}}},
		"as a count":   {Grouping: schema.Grouping{Measures: []core.Measure{{Func: core.Count, Path: "note"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.as(german).Aggregate(t.Context(), d.entity("customer"), q)
			d.refused(err, core.Forbidden, refused)
		})
	}
}

// Without a key or measure the count of the items still tells of the list.
func TestAnAggregateTellsNothingOfTheItemsOfAHiddenList(t *testing.T) {
	d := newDesk(t)
	d.customer("Berlin", "DE")
	_, err := d.as(buyer).Aggregate(t.Context(), d.entity("supplier"), core.Aggregate{Grouping: schema.Grouping{Items: "roles"}})
	d.refused(err, core.Forbidden, "You may not filter, sort or search suppliers by roles, because you may not see it in all of them.")
}

func TestAnAggregateThatMakesNoSenseIsExplained(t *testing.T) {
	d := newDesk(t)
	measure := func(f core.Func, path string) core.Aggregate {
		return core.Aggregate{Grouping: schema.Grouping{Measures: []core.Measure{{Func: f, Path: path}}}}
	}
	tests := map[string]struct {
		entity string
		q      core.Aggregate
		want   []string
	}{
		"no such field":          {"customer", core.Aggregate{Grouping: schema.Grouping{By: by("customer.nothing")}}, []string{"by.nothing is no field"}},
		"no such list":           {"order", core.Aggregate{Grouping: schema.Grouping{Items: "nothing"}}, []string{"items must be a list of the record, not nothing"}},
		"items of no list":       {"order", core.Aggregate{Grouping: schema.Grouping{Items: "customer"}}, []string{"items must be a list of the record, not customer"}},
		"a list":                 {"order", measure(core.Sum, "lines.quantity"), []string{"sum.lines.quantity has several values in a record: take each by itself, with items: lines"}},
		"money as a whole":       {"customer", measure(core.Sum, "customer.creditLimit"), []string{"sum.creditLimit is no single value: name one that lies in it, such as creditLimit.amount"}},
		"several currencies":     {"customer", measure(core.Avg, "customer.creditLimit.amount"), []string{"avg.creditLimit.amount would mix amounts of different currencies: group by creditLimit.currency as well"}},
		"the sum of a text":      {"customer", measure(core.Sum, "displayName"), []string{"sum.displayName must be a number, not of the type text"}},
		"the least reference":    {"order", measure(core.Min, "customer"), []string{"min.customer must be of a type with an order, not reference"}},
		"no such measure":        {"voucher", measure("median", "remaining"), []string{"median.remaining is no measure; there are count, sum, avg, min, max"}},
		"too many keys":          {"order", core.Aggregate{Grouping: schema.Grouping{By: by("customer", "state", "carrier", "contact")}}, []string{"by has 4 keys; at most 3 are allowed"}},
		"too many groups":        {"order", core.Aggregate{Grouping: schema.Grouping{Limit: 20_000}}, []string{"limit must be between 1 and 10000, not 20000"}},
		"several things at once": {"order", core.Aggregate{Grouping: schema.Grouping{By: by("x"), Measures: []core.Measure{{Func: core.Min, Path: "y"}}}}, []string{"by.x is no field", "min.y is no field"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := d.as(admin).Aggregate(t.Context(), d.entity(tt.entity), tt.q)
			d.refused(err, core.Invalid, append([]string{"The aggregate was not understood: some parts need attention."}, tt.want...)...)
		})
	}
}

func TestAnAverageIsRoundedHalfToEven(t *testing.T) {
	for name, tt := range map[string]struct {
		values []string
		want   string
	}{
		"it comes out even":          {[]string{"1", "2"}, "1.5"},
		"below a half":               {[]string{"1", "0", "0"}, "0.333333333333333333"},
		"above a half":               {[]string{"2", "0", "0"}, "0.666666666666666667"},
		"below zero":                 {[]string{"-2", "0", "0"}, "-0.666666666666666667"},
		"a tie to the even below":    {[]string{"0.000000000000000001", "0"}, "0"},
		"a tie to the even above":    {[]string{"0.000000000000000003", "0"}, "0.000000000000000002"},
		"a tie below zero":           {[]string{"-0.000000000000000003", "0"}, "-0.000000000000000002"},
		"a little more than a tie":   {[]string{"0.0000000000000000010000000000000001", "0"}, "0.000000000000000001"},
		"a little less than a tie":   {[]string{"0.0000000000000000009999999999999999", "0"}, "0"},
		"of numbers beyond 64 bits":  {[]string{"9999999999999999999999999999999999", "1"}, "5000000000000000000000000000000000"},
		"what is missing is no zero": {[]string{"3", ""}, "3"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			for i, value := range tt.values {
				set := map[string]any{"code": fmt.Sprint(i)}
				if value != "" {
					set["worth"] = value
				}
				d.create("voucher", set)
			}
			groups, err := d.as(admin).Aggregate(t.Context(), d.entity("voucher"), core.Aggregate{Grouping: schema.Grouping{Measures: []core.Measure{{Func: core.Avg, Path: "worth"}}}})
			if err != nil || len(groups) != 1 || groups[0].Values[0] != tt.want {
				t.Errorf("the average of %q is %v, %v; want %s", tt.values, groups, err, tt.want)
			}
		})
	}
}
