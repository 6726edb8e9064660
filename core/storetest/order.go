package storetest

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func orderTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"without an order records come by id":            orderByID,
		"missing values come first, and last descending": orderMissing,
		"every type sorts by its own order":              orderTypes,
		"several keys in mixed directions":               orderKeys,
		"names sort as people sort them":                 orderNames,
		"the site says how names sort":                   orderCollation,
		"names that were there before have their place":  orderLater,
	}
}

// key is the value of a record at a sort key's path; nil for none.
func key(r *core.Record, path string) any {
	if value := r.System(path); value != nil {
		return value
	}
	return schema.Lookup(r.Values, path)
}

// german is how the store of a desk sorts names.
var german = schema.StandardCollation()

// compare is the meaning of one key of an order.
func compare(o core.Order, a, b any) int {
	c := o.Compare(german, a, b)
	if o.Descending {
		return -c
	}
	return c
}

// sorted is the meaning of an order that the stores must agree with.
func sorted(records []*core.Record, orders []core.Order) []*core.Record {
	list := slices.Clone(records)
	slices.SortFunc(list, func(a, b *core.Record) int {
		direction := 1
		for _, o := range orders {
			direction = 1
			if o.Descending {
				direction = -1
			}
			if c := compare(o, key(a, o.Path), key(b, o.Path)); c != 0 {
				return c
			}
		}
		return direction * strings.Compare(a.ID, b.ID)
	})
	return list
}

// sortable lists a path of every type that has an order.
func sortable() []string {
	return []string{"name", "size", "weight", "price.amount", "price.currency", "open", "day", "at", "color", "email", "phone.e164",
		"owner", "place.city", "place.area", "place.spot.row", "country", "createdAt", "updatedAt", "version", "createdBy", "id", "deletedAt"}
}

func orderByID(d *desk) {
	all := d.createAll(d.thing, values{"name": "c"}, values{"name": "a"}, values{"name": "b"})
	slices.Reverse(all)
	d.do(d.thing, core.Updated, all[0], values{"name": "z"})
	slices.Reverse(all)
	d.same("ids", ids(d.find(d.thing, core.Query{First: -1})), ids(all))
	d.same("first ids", ids(d.find(d.thing, core.Query{First: 2})), ids(all[:2]))
	d.same("no ids", ids(d.find(d.thing, core.Query{First: 0})), []string{})
	slices.Reverse(all)
	d.same("ids backwards", ids(d.find(d.thing, core.Query{First: -1, Reverse: true})), ids(all))
}

func orderMissing(d *desk) {
	all := d.createAll(d.thing, values{"weight": "10"}, values{}, values{"weight": "9"}, values{"weight": "-1"})
	up := []string{all[1].ID, all[3].ID, all[2].ID, all[0].ID}
	d.same("ascending", ids(d.find(d.thing, core.Query{OrderBy: order(d.thing, "weight"), First: -1})), up)
	slices.Reverse(up)
	d.same("descending", ids(d.find(d.thing, core.Query{OrderBy: order(d.thing, "-weight"), First: -1})), up)
}

func orderTypes(d *desk) {
	all := d.things(d.seeded(), 120)
	for _, path := range sortable() {
		for _, direction := range []string{"", "-"} {
			orders := order(d.thing, direction+path)
			d.same(direction+path, ids(d.find(d.thing, core.Query{OrderBy: orders, First: -1})), ids(sorted(all, orders)))
		}
	}
}

func orderKeys(d *desk) {
	all := d.things(d.seeded(), 120)
	for _, keys := range [][]string{{"color", "-size"}, {"-color", "size"}, {"open", "-color", "weight"}, {"-open", "-color", "-name"}, {"-createdAt"}, {"open", "-id"}} {
		orders := order(d.thing, keys...)
		got := d.find(d.thing, core.Query{OrderBy: orders, First: 50})
		d.same(strings.Join(keys, ", "), ids(got), ids(sorted(all, orders)[:50]))
	}
}
