package storetest

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
)

func prepareTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"it leaves alone what exists":              prepareAgain,
		"a later model brings fields and entities": prepareLater,
		"a field need not be unique any more":      prepareShared,
		"a model without an entity keeps its data": prepareWithout,
	}
}

func (d *desk) prepare(definitions ...string) {
	d.t.Helper()
	d.model = loadModel(d.t, definitions...)
	d.thing, d.person = d.model.Entity("thing"), d.model.Entity("person")
	if err := d.Prepare(d.ctx, d.model); err != nil {
		d.t.Fatalf("Prepare: %v", err)
	}
}

func prepareAgain(d *desk) {
	r := d.create(d.thing, values{"code": "A1", "tags": list("a")})
	d.prepare(definitions...)
	d.same("stored record", d.get(d.thing, r.ID), r)
	d.refused(d.try(d.thing, d.creation(d.thing, values{"code": "A1"}))[0], "unique", "code")
	if n := len(d.history(d.thing, r.ID)); n != 1 {
		d.t.Errorf("history has %d entries; want 1", n)
	}
}

func prepareLater(d *desk) {
	old := d.create(d.thing, values{"name": "Ada"})
	d.prepare(append(definitions, `
extend: thing
fields:
  grade: {type: text, index: true}
  badge: {type: text, unique: true}
`, `
entity: ticket
fields:
  title: {type: text, search: true}
  about: {type: reference, to: thing}
`)...)
	f := d.where(d.thing, values{"grade": values{"isNull": true}})
	d.same("records without the new field", ids(d.find(d.thing, core.Query{Filter: f, First: -1})), []string{old.ID})
	d.do(d.thing, core.Updated, old, values{"name": "Ada", "grade": "A", "badge": "1"})
	d.refused(d.try(d.thing, d.creation(d.thing, values{"badge": "1"}))[0], "unique", "badge")
	ticket := d.model.Entity("ticket")
	r := d.create(ticket, values{"title": "Broken", "about": old.ID})
	d.same("record of the new entity", d.find(ticket, core.Query{Search: [][]string{{"brok"}}, First: -1}), []*core.Record{r})
}

func prepareWithout(d *desk) {
	r := d.create(d.person, values{"name": "Ada"})
	person := d.person
	d.prepare("entity: other\nfields: {name: {type: text}}")
	d.create(d.model.Entity("other"), values{"name": "x"})
	d.prepare(definitions...)
	d.same("stored record", d.get(person, r.ID), r)
	d.do(d.person, core.Updated, r, values{"name": "Eva"})
}

// badges is an extension by which a thing has a badge.
func badges(options string) []string {
	return append(slices.Clone(definitions), "extend: thing\nfields:\n  badge: {type: text, index: true"+options+"}\n")
}

func prepareShared(d *desk) {
	d.prepare(badges(", unique: true")...)
	badge := values{"badge": "1"}
	d.create(d.thing, badge)
	d.refused(d.try(d.thing, d.creation(d.thing, badge))[0], "unique", "badge")
	d.prepare(badges("")...)
	d.create(d.thing, badge)
	f := d.where(d.thing, values{"badge": values{"eq": "1"}})
	if found := d.find(d.thing, core.Query{Filter: f, First: -1}); len(found) != 2 {
		d.t.Errorf("%d things have the badge; want 2", len(found))
	}
	if err := d.Prepare(d.ctx, loadModel(d.t, badges(", unique: true")...)); err == nil || !strings.HasPrefix(err.Error(), "The field badge of thing cannot be unique: ") {
		d.t.Errorf("Prepare for a badge that is unique again: %v; want it to say that it cannot be", err)
	}
}
