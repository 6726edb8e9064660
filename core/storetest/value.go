package storetest

import (
	"fmt"
	"math"
	"strings"

	"github.com/openxrm/xrm/core"
)

func valueTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"canonical values come back exactly":                   valuesComeBack,
		"a value that the model does not know is kept":         valuesUnknown,
		"a huge text comes back":                               valuesHuge,
		"what was passed in is not shared":                     valuesCopiedIn,
		"what was returned is not shared":                      valuesCopiedOut,
		"instants come back in UTC, to the millisecond":        valuesInstants,
		"a record without values comes back with an empty map": valuesNone,
	}
}

// canonical lists values that a store may be tempted to change.
func canonical() map[string]values {
	return map[string]values{
		"greatest integer":  {"size": int64(math.MaxInt64)},
		"least integer":     {"size": int64(math.MinInt64)},
		"beyond a float":    {"size": int64(1<<53 + 1)},
		"zero and false":    {"size": int64(0), "open": false, "weight": "0"},
		"tenth":             {"weight": "0.1"},
		"negative":          {"weight": "-12.345"},
		"34 digits":         {"weight": "1234567890123456789012345678901234"},
		"34 decimal places": {"weight": "0.0000000000000000000000000000000001"},
		"17 and 17":         {"weight": "-12345678901234567.12345678901234567"},
		"large and round":   {"weight": "1000000000000000000000000000000000"},
		"money":             {"price": values{"amount": "1265793.0395", "currency": "USD"}},
		"money, round":      {"price": values{"amount": "100", "currency": "JPY"}},
		"phone":             {"phone": values{"raw": "030-0074321", "e164": "+49300074321"}},
		"phone as typed":    {"phone": values{"raw": "(1) 2 ext. 3"}},
		"first day":         {"day": "0001-01-01"},
		"last day":          {"day": "9999-12-31"},
		"instant":           {"at": "2026-02-28T09:30:00.007Z"},
		"instant of old":    {"at": "0999-12-31T23:59:59.999Z"},
		"instant to come":   {"at": "9999-12-31T23:59:59.999Z"},
		"text of digits":    {"name": "007", "note": "1e3", "body": "true"},
		"text like a date":  {"name": "2026-02-28", "body": "2026-02-28T09:30:00.000Z"},
		"quotes and signs":  {"name": `"'\/%_$.{}[]`, "body": "<&>\u2028\u2029"},
		"control signs":     {"body": "tab\t line\r\n bell\a escape\x1b delete\x7f"},
		"many scripts":      {"name": "Zürich Łódź Αθήνα Москва 東京 עברית 😀👩‍👩‍👧"},
		"decomposed":        {"name": "Zu\u0308rich"},
		"lists":             {"tags": []any{"b", "a", "b"}, "sizes": []any{int64(3), int64(-1)}, "weights": []any{"0.10001", "2"}, "days": []any{"2026-02-28"}},
		"nested":            {"place": values{"city": "Bonn", "area": "141.06", "spot": values{"row": int64(4)}}},
		"lines": {"lines": []any{
			values{"person": "p1", "quantity": "2.5", "price": values{"amount": "0.99", "currency": "EUR"}, "done": true, "marks": []any{"x", "y"}, "part": values{"number": int64(1)}},
			values{"text": "only a text"},
		}},
		"other texts": {"color": "red", "email": "maria@example.org", "site": "https://example.org/?a=b", "country": "DE", "language": "pt-BR", "owner": "p1"},
	}
}

func valuesComeBack(d *desk) {
	for name, v := range canonical() {
		created := d.create(d.thing, v)
		d.same(name, d.get(d.thing, created.ID), created)
		updated := d.do(d.thing, core.Updated, created, v)
		d.same(name+", written again", d.get(d.thing, created.ID), updated)
		d.do(d.thing, core.Deleted, updated, v)
	}
}

// A field may belong to a plugin that is not there at the moment.
func valuesUnknown(d *desk) {
	v := values{"name": "Ada", "stranger": "text", "strangers": []any{"a", int64(1), true}, "strange": values{"inner": values{"deep": "x"}}}
	created := d.create(d.thing, v)
	d.same("stored record", d.get(d.thing, created.ID), created)
}

func valuesHuge(d *desk) {
	created := d.create(d.thing, values{"body": strings.Repeat("Überlänge ", 100_000)})
	if got := d.get(d.thing, created.ID); got.Values["body"] != created.Values["body"] {
		d.t.Errorf("a text of %d bytes came back with %d", len(created.Values["body"].(string)), len(fmt.Sprint(got.Values["body"])))
	}
}

func valuesCopiedIn(d *desk) {
	c := d.creation(d.thing, values{"name": "Ada", "place": values{"city": "Bonn"}, "tags": []any{"a"}})
	want := c.After.Clone()
	d.commit(d.thing, c)
	c.After.Values["name"] = "changed"
	c.After.Values["place"].(values)["city"] = "changed"
	c.After.Values["tags"].([]any)[0] = "changed"
	c.Actor.Roles[0] = "changed"
	d.same("stored record", d.get(d.thing, want.ID), want)
	if entry := d.history(d.thing, want.ID)[0]; entry.Actor.Roles[0] != "sales" {
		d.t.Errorf("the entry's actor has role %q; want sales", entry.Actor.Roles[0])
	}
}

func valuesCopiedOut(d *desk) {
	want := d.create(d.thing, values{"name": "Ada", "place": values{"city": "Bonn"}, "tags": []any{"a"}})
	got := d.get(d.thing, want.ID)
	got.Values["name"] = "changed"
	got.Values["place"].(values)["city"] = "changed"
	got.Values["tags"].([]any)[0] = "changed"
	d.same("stored record", d.get(d.thing, want.ID), want)
	d.history(d.thing, want.ID)[0].Diffs[0].To = "changed"
	if to := d.history(d.thing, want.ID)[0].Diffs[0].To; to != "Ada" {
		d.t.Errorf("the entry says that name became %v; want Ada", to)
	}
}

func valuesInstants(d *desk) {
	c := d.creation(d.thing, values{"name": "Ada"})
	c.After.CreatedAt = c.At.Add(7_654_321) // 7 ms and something
	d.commit(d.thing, c)
	got := d.get(d.thing, c.After.ID)
	if want := c.At.Add(7_000_000); got.CreatedAt != want {
		d.t.Errorf("created at %v; want %v", got.CreatedAt, want)
	}
	if entry := d.history(d.thing, c.After.ID)[0]; entry.At != c.At {
		d.t.Errorf("the entry says %v; want %v", entry.At, c.At)
	}
}

func valuesNone(d *desk) {
	created := d.create(d.thing, values{})
	if got := d.get(d.thing, created.ID); got.Values == nil || len(got.Values) != 0 {
		d.t.Errorf("values are %#v; want an empty map", got.Values)
	}
}
