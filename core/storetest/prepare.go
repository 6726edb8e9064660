package storetest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func prepareTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"it leaves alone what exists":               prepareAgain,
		"a later model brings fields and entities":  prepareLater,
		"a field need not be unique any more":       prepareShared,
		"a model without an entity keeps its data":  prepareWithout,
		"a model without fields keeps their values": prepareHidden,
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

// prepareHidden writes a record under a model that lacks some of its fields: they
// are there again, with what their types ask of a store, when they come back.
func prepareHidden(d *desk) {
	fewer := make([]string, len(definitions))
	for i, text := range definitions {
		for _, field := range []string{"weight", "at", "area", "quantity", "price", "weights"} {
			text = regexp.MustCompile(`(?m)^ *`+field+`: .*\n`).ReplaceAllString(text, "")
		}
		fewer[i] = text
	}
	line := func(text, quantity string) values {
		return values{"text": text, "quantity": quantity, "price": values{"amount": "9.5", "currency": "EUR"}}
	}
	r := d.create(d.thing, values{
		"name": "old", "weight": "12.5", "at": "2026-02-28T09:30:00.000Z", "weights": list("1.5"), "price": values{"amount": "3", "currency": "EUR"},
		"place": values{"city": "Ulm", "area": "7.25"}, "lines": list(line("one", "2"), line("two", "10")),
	})
	whole := definitions
	d.prepare(fewer...)
	changed := d.get(d.thing, r.ID)
	d.same("record under the lesser model", changed.Values, r.Values)
	changed.Values["name"] = "new"
	schema.Put(changed.Values, "place.city", "Bonn")
	changed.Values["lines"] = list(line("two", "10"), line("one", "2"), values{"text": "three"})
	r = d.do(d.thing, core.Updated, d.get(d.thing, r.ID), changed.Values)
	d.prepare(whole...)
	d.same("record under the whole model", d.get(d.thing, r.ID), r)
	for name, raw := range map[string]values{
		"a decimal":             {"weight": values{"gt": "9"}},
		"an instant":            {"at": values{"lt": "2026-03-01T00:00:00.000Z"}},
		"an item":               {"weights": values{"some": values{"eq": "1.5"}}},
		"an amount":             {"price": values{"amount": values{"lt": "20"}}},
		"in an object":          {"place": values{"area": values{"gt": "7.2"}}},
		"in an item":            {"lines": values{"some": values{"quantity": values{"gte": "9"}, "text": values{"eq": "two"}}}},
		"in an object of items": {"lines": values{"some": values{"price": values{"amount": values{"lt": "10"}}}}},
	} {
		if got := ids(d.find(d.thing, core.Query{Filter: d.where(d.thing, raw), First: -1})); len(got) != 1 {
			d.t.Errorf("by %s that had been hidden %d records are found; want 1", name, len(got))
		}
	}
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
	if err := d.Prepare(d.ctx, loadModel(d.t, badges(", unique: true")...)); err == nil || !strings.HasPrefix(err.Error(), `test.yaml:3: field "badge" of thing cannot be unique: `) {
		d.t.Errorf("Prepare for a badge that is unique again: %v; want it to say that it cannot be", err)
	}
}
