package storetest

import (
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func pageTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"pages of every size are the whole list":          pagesAreWhole,
		"random orders page over ties and missing values": pagesRandom,
		"a position need not be a record's":               pagesFromAnywhere,
		"a page stays where it is while records change":   pagesStay,
	}
}

// position is where a record stands in an order.
func position(r *core.Record, orders []core.Order) []any {
	var at []any
	for _, o := range orders {
		at = append(at, key(r, o.Path))
	}
	return append(at, r.ID)
}

// pages reads a query page by page.
func (d *desk) pages(q core.Query) []*core.Record {
	d.t.Helper()
	var all []*core.Record
	for {
		page := d.find(d.thing, q)
		if len(page) > q.First {
			d.t.Fatalf("a page of %d has %d records", q.First, len(page))
		}
		all = append(all, page...)
		if len(page) < q.First || len(all) > 10_000 {
			return all
		}
		q.After = position(page[len(page)-1], q.OrderBy)
	}
}

// pagesAgree wants the pages of every one of the sizes, read in both
// directions, to be the list that is wanted.
func (d *desk) pagesAgree(want []*core.Record, f schema.Filter, orders []core.Order, sizes ...int) {
	d.t.Helper()
	for _, size := range sizes {
		q := core.Query{Filter: f, OrderBy: orders, First: size}
		d.same(fmt.Sprintf("pages of %d by %v", size, orders), ids(d.pages(q)), ids(want))
		q.Reverse = true
		backwards := ids(d.pages(q))
		slices.Reverse(backwards)
		d.same(fmt.Sprintf("pages of %d by %v backwards", size, orders), backwards, ids(want))
	}
}

func pagesAreWhole(d *desk) {
	all := d.things(d.seeded(), 12)
	for _, keys := range [][]string{{}, {"color"}, {"-color"}, {"open", "-color"}, {"-weight"}} {
		orders := order(d.thing, keys...)
		for size := 1; size <= len(all)+1; size++ {
			d.pagesAgree(sorted(all, orders), schema.Filter{}, orders, size)
		}
	}
}

func pagesRandom(d *desk) {
	s := d.seeded()
	all := d.things(s, 60)
	for range 15 {
		var keys []string
		for range 1 + s.IntN(3) {
			keys = append(keys, pick(s, "", "-")+pick(s, sortable()...))
		}
		raw := s.filter(d.thing.Fields, 1)
		f, orders := d.where(d.thing, raw), order(d.thing, keys...)
		selected := slices.DeleteFunc(slices.Clone(all), func(r *core.Record) bool { return !f.Match(r.WithSystem()) })
		d.pagesAgree(sorted(selected, orders), f, orders, 1+s.IntN(7), 23)
	}
}

func pagesFromAnywhere(d *desk) {
	all := d.createAll(d.thing, values{"size": int64(1)}, values{"size": int64(3)}, values{"size": int64(5)}, values{})
	orders := order(d.thing, "size")
	got := d.find(d.thing, core.Query{OrderBy: orders, First: 2, After: []any{int64(2), "zzz"}})
	d.same("after 2", ids(got), []string{all[1].ID, all[2].ID})
	got = d.find(d.thing, core.Query{OrderBy: orders, First: 2, After: []any{int64(2), "zzz"}, Reverse: true})
	d.same("before 2", ids(got), []string{all[0].ID, all[3].ID})
	got = d.find(d.thing, core.Query{OrderBy: orders, First: 2, After: []any{nil, all[3].ID}})
	d.same("after none", ids(got), []string{all[0].ID, all[1].ID})
}

func pagesStay(d *desk) {
	all := d.createAll(d.thing, values{"size": int64(1)}, values{"size": int64(2)}, values{"size": int64(3)}, values{"size": int64(4)})
	orders := order(d.thing, "size")
	first := d.find(d.thing, core.Query{OrderBy: orders, First: 2})
	d.do(d.thing, core.Deleted, all[1], all[1].Values)
	d.create(d.thing, values{"size": int64(0)})
	second := d.find(d.thing, core.Query{OrderBy: orders, First: 2, After: position(first[1], orders)})
	d.same("second page", ids(second), []string{all[2].ID, all[3].ID})
}
