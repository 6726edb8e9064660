package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Form is one form of list that the API can make.
type Form struct {
	Name   string
	Entity *schema.Entity
	core.Query
}

// forms are what a grown database has, see GrownParty, for whoever makes forms of lists.
type forms struct {
	finder
	tb    testing.TB
	model *schema.Model
	party *schema.Entity
}

type finder interface {
	Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error)
}

func eq(value any) values { return values{"eq": value} }

// filters are forms of a filter over parties, as a view of a role or of all.
func filters() map[string]values {
	return map[string]values{
		"all":                nil,
		"an equal value":     {"status": eq("blocked")},
		"a rare value":       {"city": eq("City 7")},
		"another value":      {"status": values{"ne": "active"}},
		"one of some":        {"country": values{"in": []any{"DE", "AT"}}},
		"none of some":       {"country": values{"notIn": []any{"DE", "AT"}}},
		"a range":            {"displayName": values{"gt": "Party 00001", "lte": "Party 000015"}},
		"a wide range":       {"city": values{"gte": "City 2"}},
		"a beginning":        {"email": values{"startsWith": "party1"}},
		"a name's beginning": {"displayName": values{"startsWith": "Party 0"}},
		"a part":             {"displayName": values{"contains": "77"}},
		"an end":             {"displayName": values{"endsWith": "7"}},
		"no value":           {"industry": values{"isNull": true}},
		"any value":          {"industry": values{"isNull": false}},
		"no phone":           {"phone": values{"isNull": true}},
		"any phone":          {"phone": values{"isNull": false}},
		"an instant":         {"createdAt": values{"gt": "2020-01-01T00:01:00Z"}},
		"two values":         {"status": eq("blocked"), "kind": eq("person")},
		"nothing has both":   {"kind": eq("person"), "industry": eq("Industry 7")},
		"one or the other":   {"or": []any{values{"status": eq("blocked")}, values{"city": eq("City 7")}}},
		"two rare ones":      {"or": []any{values{"city": eq("City 8")}, values{"city": eq("City 7")}}},
		"not":                {"not": values{"status": eq("active")}},
		"a tag":              {"tags": values{"some": eq("vip")}},
		"a common tag":       {"tags": values{"some": eq("known")}},
		"no such tag":        {"tags": values{"none": eq("known")}},
		"every tag":          {"tags": values{"every": eq("known")}},
		"an address":         {"addresses": values{"some": values{"city": eq("City 7")}}},
		"a unique value":     {"externalId": eq("x7")},
		"an id":              {"id": eq(GrownID(7))},
		"some ids":           {"id": values{"in": []any{GrownID(7), GrownID(17), GrownID(27)}}},
		"data of a role":     {"customer": values{"segment": eq("A")}},
		"an amount":          {"customer": values{"segment": eq("A"), "customerSince": values{"gt": "2010-01-01"}}},
		"a manager":          {"customer": values{"accountManager": eq(GrownID(3))}},
		"a manager's name":   {"customer": values{"accountManager": values{"displayName": values{"startsWith": "Party 0000"}}}},
		"a manager's state":  {"customer": values{"accountManager": values{"status": eq("active")}}},
	}
}

// Forms are those of lists: each filter in each order, page by page, as each role, with a
// search, and with deleted records. The store has parties and orders of a grown database.
func Forms(tb testing.TB, store finder, m *schema.Model) (all []Form) {
	tb.Helper()
	b := &forms{store, tb, m, m.Entity("party")}
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
				f = schema.All(f, b.parsed(b.party, raw))
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
						q.After = b.position(q)
					case "search":
						q.Search = [][]string{{"party"}, {fmt.Sprintf("%07d", 7), "1"}}
					}
					all = append(all, Form{fmt.Sprintf("%s with %s by %q, %s", v.e.Plural, name, key, page), b.party, q})
				}
			}
		}
	}
	return append(all, b.orderForms()...)
}

func trimmed(key string) string {
	if key[0] == '-' {
		return key[1:]
	}
	return key
}

// position is that of the fifth record of a list; nil where there are fewer, or
// the list is refused.
func (b *forms) position(q core.Query) []any {
	b.tb.Helper()
	q.First = 5
	found, err := b.Find(b.tb.Context(), b.party, q)
	if err != nil && core.CodeOf(err) != core.Invalid {
		b.tb.Fatal(err)
	}
	if len(found) < 5 {
		return nil
	}
	return schema.Position(q.OrderBy, found[4].At)
}

// orderForms are lists on the other side of a reference, and over references.
func (b *forms) orderForms() (all []Form) {
	b.tb.Helper()
	orders := b.model.Entity("order")
	keys := []string{GrownID(1), GrownID(2), GrownID(3)}
	for name, raw := range map[string]values{
		"all": nil, "a state": {"state": eq("closed")}, "no state": {"state": eq("shipped")}, "a customer": {"customer": eq(GrownID(1))},
		"blocked customers": {"customer": values{"status": eq("blocked")}}, "a rare city": {"customer": values{"city": eq("City 7")}},
		"a product": {"lines": values{"some": values{"product": eq("p7")}}},
	} {
		var f schema.Filter
		if raw != nil {
			f = b.parsed(orders, raw)
		}
		for _, key := range []string{"", "-placedOn", "number"} {
			q := core.Query{Filter: f, First: 11}
			if key != "" {
				o, err := orders.SortKey(trimmed(key), key[0] == '-')
				if err != nil {
					b.tb.Fatal(err)
				}
				q.OrderBy = []core.Order{o}
			}
			all = append(all, Form{fmt.Sprintf("orders with %s by %q", name, key), orders, q})
			q.Per = &core.Per{Path: "customer", Keys: keys}
			all = append(all, Form{fmt.Sprintf("orders with %s by %q, per customer", name, key), orders, q})
			q.Per = &core.Per{Path: "lines.product", InList: true, Keys: []string{"p1", "p7"}}
			all = append(all, Form{fmt.Sprintf("orders with %s by %q, per product", name, key), orders, q})
		}
	}
	return all
}

func (b *forms) parsed(e *schema.Entity, raw values) schema.Filter {
	b.tb.Helper()
	f, err := b.model.ParseFilter(e, raw, true)
	if err != nil {
		b.tb.Fatal(err)
	}
	return f
}
