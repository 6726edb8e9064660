package storetest

import "github.com/openxrm/xrm/core"

func countTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"it counts what the query selects":     countSelects,
		"it counts no further than the limit":  countCapped,
		"page and order do not matter":         countIgnoresPage,
		"a search is counted as well":          countSearch,
		"an empty store counts nothing at all": countEmpty,
	}
}

func (d *desk) count(q core.Query, limit int) int {
	d.t.Helper()
	counts, err := d.Count(d.ctx, d.thing, q, limit)
	if err != nil {
		d.t.Fatalf("Count(%+v): %v", q, err)
	}
	for key := range counts {
		if key != "" {
			d.t.Errorf("counts have key %q; want only the empty one", key)
		}
	}
	return counts[""]
}

func (d *desk) wantCount(what string, got, want int) {
	d.t.Helper()
	if got != want {
		d.t.Errorf("%s: counted %d; want %d", what, got, want)
	}
}

func (d *desk) colors() []*core.Record {
	d.t.Helper()
	all := d.createAll(d.thing, values{"color": "red", "name": "Straße"}, values{"color": "red"}, values{"color": "red"}, values{"color": "blue", "name": "strasse"}, values{})
	return append(all, d.do(d.thing, core.Deleted, all[2], all[2].Values))
}

func countSelects(d *desk) {
	d.colors()
	red := d.where(d.thing, values{"color": values{"eq": "red"}})
	d.wantCount("all", d.count(core.Query{}, 100), 4)
	d.wantCount("red", d.count(core.Query{Filter: red}, 100), 2)
	d.wantCount("red, also deleted", d.count(core.Query{Filter: red, Deleted: true}, 100), 3)
	d.wantCount("nothing", d.count(core.Query{Filter: d.where(d.thing, values{"or": []any{}})}, 100), 0)
}

func countCapped(d *desk) {
	d.colors()
	d.wantCount("up to 3", d.count(core.Query{}, 3), 3)
	d.wantCount("up to 4", d.count(core.Query{}, 4), 4)
	d.wantCount("up to 0", d.count(core.Query{}, 0), 0)
}

func countIgnoresPage(d *desk) {
	all := d.colors()
	orders := order(d.thing, "-color")
	d.wantCount("of a page", d.count(core.Query{First: 1, OrderBy: orders, After: position(all[0], orders), Reverse: true}, 100), 4)
}

func countSearch(d *desk) {
	d.colors()
	d.wantCount("found", d.count(core.Query{Search: [][]string{{"strass"}}}, 100), 2)
	d.wantCount("found, up to 1", d.count(core.Query{Search: [][]string{{"strass"}}}, 1), 1)
}

func countEmpty(d *desk) {
	d.wantCount("empty", d.count(core.Query{}, 100), 0)
}
