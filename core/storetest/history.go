package storetest

import (
	"slices"

	"github.com/openxrm/xrm/core"
)

func historyTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"it says who did what when, from what to what": historySays,
		"it comes latest first, in pages":              historyPages,
		"a record that never was has none":             historyNone,
		"records do not share it":                      historyApart,
	}
}

// life leads a record through every action and returns the entries that must
// be there, latest first.
func (d *desk) life() (*core.Record, []core.Entry) {
	d.t.Helper()
	var entries []core.Entry
	step := func(c core.Change) *core.Record {
		entries = append(entries, c.Entry(d.thing))
		d.commit(d.thing, c)
		return c.After.Clone()
	}
	r := step(d.creation(d.thing, values{"name": "Ada", "size": int64(1), "weight": "0.10001", "tags": []any{"a"}, "price": values{"amount": "12.5", "currency": "EUR"}}))
	r = step(d.next(core.Updated, r, values{"name": "Eva", "weight": "2", "tags": []any{"a", "b"}, "at": "2026-02-28T09:30:00.007Z", "open": false}))
	r = step(d.next(core.Deleted, r, r.Values))
	r = step(d.next(core.Restored, r, r.Values))
	r = step(d.next(core.Updated, r, values{"lines": []any{values{"quantity": "1.5", "person": "p1"}}}))
	slices.Reverse(entries)
	return r, entries
}

func historySays(d *desk) {
	r, want := d.life()
	d.same("history", d.history(d.thing, r.ID), want)
}

func historyPages(d *desk) {
	r, all := d.life()
	for name, page := range map[string]struct {
		first  int
		before int64
		want   []core.Entry
	}{
		"from the latest":       {2, 0, all[:2]},
		"below a version":       {2, 4, all[2:4]},
		"the last":              {2, 2, all[4:]},
		"below the first":       {2, 1, nil},
		"more than there are":   {100, 0, all},
		"none":                  {0, 0, nil},
		"below what is to come": {1, 99, all[:1]},
	} {
		got, err := d.History(d.ctx, d.thing, r.ID, page.first, page.before)
		if err != nil {
			d.t.Fatalf("%s: %v", name, err)
		}
		d.same(name, got, page.want)
	}
}

func historyNone(d *desk) {
	d.life()
	d.same("history", d.history(d.thing, d.id()), []core.Entry{})
}

func historyApart(d *desk) {
	a, b := d.creation(d.thing, values{"name": "Ada"}), d.creation(d.person, values{"name": "Eva"})
	b.After.ID = a.After.ID // ids are unique by chance only, not by law
	d.commit(d.thing, a)
	d.commit(d.person, b)
	check := func(when string) {
		d.same("thing "+when, d.history(d.thing, a.After.ID), []core.Entry{a.Entry(d.thing)})
		d.same("person "+when, d.history(d.person, a.After.ID), []core.Entry{b.Entry(d.person)})
	}
	check("before the relay")
	d.relay(100)
	check("after the relay")
}
