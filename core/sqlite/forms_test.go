package sqlite

import (
	"fmt"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

type object = map[string]any

// form is one form of list that the API can make.
type form struct {
	name string
	e    *schema.Entity
	core.Query
}

func eq(value any) object { return object{"eq": value} }

// filters are forms of a filter over parties, as a view of a role or of all.
func filters() map[string]object {
	return map[string]object{
		"all":                nil,
		"an equal value":     {"status": eq("blocked")},
		"a rare value":       {"city": eq("City 7")},
		"another value":      {"status": object{"ne": "active"}},
		"one of some":        {"country": object{"in": []any{"DE", "AT"}}},
		"none of some":       {"country": object{"notIn": []any{"DE", "AT"}}},
		"a range":            {"displayName": object{"gt": "Party 00001", "lte": "Party 000015"}},
		"a wide range":       {"city": object{"gte": "City 2"}},
		"a beginning":        {"email": object{"startsWith": "party1"}},
		"a name's beginning": {"displayName": object{"startsWith": "Party 0"}},
		"a part":             {"displayName": object{"contains": "77"}},
		"an end":             {"displayName": object{"endsWith": "7"}},
		"no value":           {"industry": object{"isNull": true}},
		"any value":          {"industry": object{"isNull": false}},
		"no phone":           {"phone": object{"isNull": true}},
		"any phone":          {"phone": object{"isNull": false}},
		"an instant":         {"createdAt": object{"gt": "2020-01-01T00:01:00Z"}},
		"two values":         {"status": eq("blocked"), "kind": eq("person")},
		"nothing has both":   {"kind": eq("person"), "industry": eq("Industry 7")},
		"one or the other":   {"or": []any{object{"status": eq("blocked")}, object{"city": eq("City 7")}}},
		"two rare ones":      {"or": []any{object{"city": eq("City 8")}, object{"city": eq("City 7")}}},
		"not":                {"not": object{"status": eq("active")}},
		"a tag":              {"tags": object{"some": eq("vip")}},
		"a common tag":       {"tags": object{"some": eq("known")}},
		"no such tag":        {"tags": object{"none": eq("known")}},
		"every tag":          {"tags": object{"every": eq("known")}},
		"an address":         {"addresses": object{"some": object{"city": eq("City 7")}}},
		"a unique value":     {"externalId": eq("x7")},
		"an id":              {"id": eq(grownID(7))},
		"some ids":           {"id": object{"in": []any{grownID(7), grownID(17), grownID(27)}}},
		"data of a role":     {"customer": object{"segment": eq("A")}},
		"an amount":          {"customer": object{"segment": eq("A"), "customerSince": object{"gt": "2010-01-01"}}},
		"a manager":          {"customer": object{"accountManager": eq(grownID(3))}},
		"a manager's name":   {"customer": object{"accountManager": object{"displayName": object{"startsWith": "Party 0000"}}}},
		"a manager's state":  {"customer": object{"accountManager": object{"status": eq("active")}}},
	}
}

// forms are those of lists: each filter in each order, page by page, as each
// role, with a search, and with deleted records.
func (b *big) forms(tb testing.TB) (all []form) {
	tb.Helper()
	type view struct {
		e           *schema.Entity
		keys, pages []string
	}
	views := []view{
		{b.party, []string{"", "displayName", "-createdAt", "-industry", "version", "externalId"}, []string{"first", "before", "after", "deleted"}},
		{b.model.Entity("customer"), []string{"", "displayName", "number", "-segment"}, []string{"first", "last", "after", "search"}},
		{b.model.Entity("supplier"), []string{"", "displayName", "rating", "-number"}, []string{"first"}},
	}
	for name, raw := range filters() {
		for _, v := range views {
			f := v.e.HasRole()
			if raw != nil {
				f = schema.All(f, where(tb, b.model, b.party, raw))
			}
			for _, key := range v.keys {
				for _, page := range v.pages {
					q := core.Query{Filter: f, First: 11, Reverse: page == "last" || page == "before", Deleted: page == "deleted"}
					if key != "" {
						o, err := v.e.SortKey(key[len(key)-len(trimmed(key)):], key[0] == '-')
						if err != nil {
							tb.Fatal(err)
						}
						q.OrderBy = []core.Order{o}
					}
					switch page {
					case "after", "before":
						q.After = b.position(tb, q)
					case "search":
						q.Search = [][]string{{"party"}, {fmt.Sprintf("%07d", 7), "1"}}
					}
					all = append(all, form{fmt.Sprintf("%s with %s by %q, %s", v.e.Plural, name, key, page), b.party, q})
				}
			}
		}
	}
	return append(all, b.orderForms(tb)...)
}

func trimmed(key string) string {
	if key[0] == '-' {
		return key[1:]
	}
	return key
}

// position is that of the fifth record of a list; nil where there are fewer, or
// the list is refused.
func (b *big) position(tb testing.TB, q core.Query) []any {
	tb.Helper()
	q.First = 5
	found, err := b.Find(tb.Context(), b.party, q)
	if err != nil && core.CodeOf(err) != core.Invalid {
		tb.Fatal(err)
	}
	if len(found) < 5 {
		return nil
	}
	return schema.Position(q.OrderBy, found[4].At)
}

// orderForms are lists on the other side of a reference, and over references.
func (b *big) orderForms(tb testing.TB) (all []form) {
	tb.Helper()
	keys := []string{grownID(1), grownID(2), grownID(3)}
	for name, raw := range map[string]object{
		"all": nil, "a state": {"state": eq("closed")}, "no state": {"state": eq("shipped")}, "a customer": {"customer": eq(grownID(1))},
		"blocked customers": {"customer": object{"status": eq("blocked")}}, "a rare city": {"customer": object{"city": eq("City 7")}},
		"a product": {"lines": object{"some": object{"product": eq("p7")}}},
	} {
		var f schema.Filter
		if raw != nil {
			f = where(tb, b.model, b.orders, raw)
		}
		for _, key := range []string{"", "-placedOn", "number"} {
			q := core.Query{Filter: f, First: 11}
			if key != "" {
				o, err := b.orders.SortKey(trimmed(key), key[0] == '-')
				if err != nil {
					tb.Fatal(err)
				}
				q.OrderBy = []core.Order{o}
			}
			all = append(all, form{fmt.Sprintf("orders with %s by %q", name, key), b.orders, q})
			q.Per = &core.Per{Path: "customer", Keys: keys}
			all = append(all, form{fmt.Sprintf("orders with %s by %q, per customer", name, key), b.orders, q})
			q.Per = &core.Per{Path: "lines.product", InList: true, Keys: []string{"p1", "p7"}}
			all = append(all, form{fmt.Sprintf("orders with %s by %q, per product", name, key), b.orders, q})
		}
	}
	return all
}
