package storetest

import (
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// projectionTests are about queries that want a part of each record.
func projectionTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"what was not asked for does not come":           onlySome,
		"what a query sorts and splits by comes as well": onlyWithOrder,
		"a record that was read in part is not written":  partialIsNotWritten,
	}
}

// described has a value of most kinds, and a text in front of the others that
// makes the record a long one.
func (d *desk) described(long string) *core.Record {
	owner := d.create(d.person, values{"name": "Ada"})
	return d.create(d.thing, values{
		"body": long + `"quoted\" {[`, "code": "C-1", "name": "Anvil", "owner": owner.ID, "size": int64(7), "weight": "1.50", "open": true, "at": "2026-02-28T09:30:00.000Z",
		"price": values{"amount": "9.90", "currency": "EUR"},
		"place": values{"city": "Berlin", "area": "2.5", "spot": values{"row": int64(3)}},
		"tags":  []any{"a", "b"},
		"lines": []any{values{"text": "one", "quantity": "1"}, values{"text": "two", "marks": []any{"x"}}},
	})
}

func onlySome(d *desk) {
	for name, long := range map[string]string{"short": "", "long": strings.Repeat("é", 10_000)} {
		whole := d.described(long)
		all := whole.Values
		for _, tt := range []struct {
			only []string
			want values
		}{
			{nil, all},
			{[]string{}, values{}},
			{[]string{"name"}, values{"name": "Anvil"}},
			{[]string{"id", "createdAt", "version", "nothing"}, values{}},
			{[]string{"body", "name"}, values{"body": all["body"], "name": "Anvil"}},
			{[]string{"size", "weight", "open", "at", "owner"}, values{"size": int64(7), "weight": "1.50", "open": true, "at": all["at"], "owner": all["owner"]}},
			{[]string{"price", "place.spot", "tags"}, values{"price": all["price"], "place": values{"spot": values{"row": int64(3)}}, "tags": all["tags"]}},
			{[]string{"place", "place.city", "price.amount"}, values{"place": all["place"], "price": values{"amount": "9.90"}}},
			{[]string{"lines"}, values{"lines": all["lines"]}},
			{[]string{"lines.text"}, values{"lines": []any{values{"text": "one"}, values{"text": "two"}}}},
		} {
			want := whole.Clone()
			want.Values, want.Partial = tt.want, tt.only != nil
			filter := schema.Filter{Path: "id", Op: schema.OpEq, Value: whole.ID, Field: schema.SystemFields[0]}
			got := d.find(d.thing, core.Query{Filter: filter, First: -1, Only: tt.only})
			if diff := cmp.Diff([]*core.Record{want}, got); diff != "" {
				d.t.Errorf("a %s record, only %v (-want +got):\n%s", name, tt.only, diff)
			}
		}
		d.commit(d.thing, d.next(core.Deleted, whole, all))
	}
}

func onlyWithOrder(d *desk) {
	whole := d.described("")
	other := d.create(d.thing, values{"code": "C-2", "name": "Bolt", "owner": whole.Values["owner"], "size": int64(9)})
	owner := whole.Values["owner"].(string)
	size := core.Order{Path: "size", Field: d.thing.Field("size"), Descending: true}
	for name, q := range map[string]core.Query{
		"a list":            {First: 5, OrderBy: []core.Order{size}},
		"the lists of one":  {First: 5, OrderBy: []core.Order{size}, Per: &core.Per{Path: "owner", Keys: []string{owner}}},
		"the lists of many": {First: 5, OrderBy: []core.Order{size}, Per: &core.Per{Path: "owner", Keys: []string{owner, whole.ID}}},
	} {
		q.Only = []string{"name"}
		found := d.find(d.thing, q)
		d.same(name, ids(found), ids([]*core.Record{other, whole}))
		want := values{"name": "Anvil", "size": int64(7)}
		if q.Per != nil {
			want["owner"] = owner
		}
		if diff := cmp.Diff(want, found[1].Values); diff != "" {
			d.t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func partialIsNotWritten(d *desk) {
	whole := d.described("")
	part := d.find(d.thing, core.Query{First: 1, Only: []string{"name"}})[0]
	fromPart := d.next(core.Updated, part, values{"name": "Lost"})
	fromPart.After.Partial = false
	toPart := d.next(core.Updated, whole, values{"name": "Lost"})
	toPart.After.Partial = true
	newPart := d.creation(d.thing, values{"name": "Half"})
	newPart.After.Partial = true
	for i, err := range d.try(d.thing, fromPart, toPart, newPart) {
		if err == nil || !strings.Contains(err.Error(), "the record was read in part, and nothing may be written of it") {
			d.t.Errorf("change %d: got the error %v; want that the record was read in part", i, err)
		}
	}
	if diff := cmp.Diff([]*core.Record{whole}, d.find(d.thing, core.Query{First: -1})); diff != "" {
		d.t.Errorf("what is stored changed (-want +got):\n%s", diff)
	}
}
