package storetest

import (
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// named creates a thing for each of the names.
func (d *desk) named(names ...string) {
	d.t.Helper()
	var all []values
	for _, name := range names {
		all = append(all, values{"name": name})
	}
	d.createAll(d.thing, all...)
}

// byName lists the names of all things in their order, page by page there and back.
func (d *desk) byName() []any {
	d.t.Helper()
	name := func(r *core.Record) any { return r.Values["name"] }
	var forth, back []any
	q := core.Query{OrderBy: order(d.thing, "name"), First: 2}
	for _, r := range d.pages(q) {
		forth = append(forth, name(r))
	}
	q.Reverse = true
	for _, r := range d.pages(q) {
		back = append([]any{name(r)}, back...)
	}
	d.same("by name backwards", back, forth)
	return forth
}

func orderNames(d *desk) {
	d.named("Zürich", "zebra", "Öztürk", "Ader", "Muller", "Straße", "Müller", "Abel", "Äbel", "Strasse", "Mustermann", "abel")
	want := []any{"abel", "Abel", "Äbel", "Ader", "Muller", "Müller", "Mustermann", "Öztürk", "Strasse", "Straße", "zebra", "Zürich"}
	d.same("by name", d.byName(), want)
	begin := d.where(d.thing, values{"name": values{"startsWith": "M"}})
	var found []any
	for _, r := range d.find(d.thing, core.Query{Filter: begin, OrderBy: order(d.thing, "-name"), First: 2}) {
		found = append(found, r.Values["name"])
	}
	d.same("the last two with M", found, []any{"Mustermann", "Müller"})
	r := d.find(d.thing, core.Query{Filter: d.where(d.thing, values{"name": values{"eq": "Öztürk"}}), First: 1})[0]
	r = d.do(d.thing, core.Updated, r, values{"name": "Aal"})
	d.same("first after a change", d.byName()[0], "Aal")
	d.do(d.thing, core.Updated, r, values{})
	d.same("first without a name", d.byName()[0], nil)
}

// sortBy lets the store sort as another language does.
func (d *desk) sortBy(name string) {
	d.t.Helper()
	c, err := schema.NewCollation(name)
	if err != nil {
		d.t.Fatal(err)
	}
	d.SortBy(c)
	d.prepare(definitions...)
}

func orderCollation(d *desk) {
	d.named("Zorn", "Öberg", "Ärlig", "Andersson", "Åberg")
	d.same("in German", d.byName(), []any{"Åberg", "Andersson", "Ärlig", "Öberg", "Zorn"})
	d.sortBy("sv")
	swedish := []any{"Andersson", "Zorn", "Åberg", "Ärlig", "Öberg"}
	d.same("in Swedish", d.byName(), swedish)
	d.prepare(definitions...)
	d.same("in Swedish, prepared again", d.byName(), swedish)
	d.sortBy("de")
	d.same("in German again", d.byName(), []any{"Åberg", "Andersson", "Ärlig", "Öberg", "Zorn"})
}

// orderLater brings an order of a field whose values are there, of more records than
// are looked at together.
func orderLater(d *desk) {
	var all []values
	for i := range 1100 {
		all = append(all, values{"grade": fmt.Sprintf("%s%04d", []string{"Ä", "z", "a"}[i%3], i)})
	}
	d.prepare(append(definitions, "extend: thing\nfields:\n  hidden: {type: text}\n")...)
	records := d.createAll(d.thing, all...)
	d.prepare(append(definitions, "extend: thing\nfields:\n  grade: {type: text, index: true}\n")...)
	orders := order(d.thing, "grade")
	d.same("by grade", ids(d.find(d.thing, core.Query{OrderBy: orders, First: -1})), ids(sorted(records, orders)))
}
