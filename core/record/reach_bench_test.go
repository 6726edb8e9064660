package record_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// BenchmarkARuleOverAReference lists orders for those who may see the orders
// of some of 100,000 customers.
func BenchmarkARuleOverAReference(b *testing.B) {
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		b.Fatal(err)
	}
	store := manyOrders(b, m, 100_000)
	order := m.Entity("order")
	for _, share := range []struct {
		country string
		of      int
	}{{"LI", 10}, {"CH", 990}, {"AT", 9_000}, {"DE", 90_000}} {
		roles, err := access.LoadRoles(m, []schema.Source{{Layer: "site", File: "r.yaml", Data: []byte("role: r\norder: {read: {customer: {country: {eq: " + share.country + "}}}}\n")}})
		if err != nil {
			b.Fatal(err)
		}
		session := (&record.Service{Store: store}).As(core.Actor{ID: "u", Roles: []string{"r"}}, record.Basis{Model: m, Policy: roles})
		for name, q := range map[string]core.Query{
			"by id":        {First: 20},
			"latest first": {First: 20, OrderBy: []core.Order{{Path: "createdAt", Field: order.Field("createdAt"), Descending: true}}},
			"by state":     {First: 20, OrderBy: []core.Order{{Path: "state", Field: order.Field("state")}}},
		} {
			b.Run(fmt.Sprintf("%d customers/20 orders %s", share.of, name), func(b *testing.B) {
				for b.Loop() {
					if found, err := session.Find(b.Context(), order, q); err != nil || len(found) != min(20, share.of) {
						b.Fatal(len(found), err)
					}
				}
			})
		}
		b.Run(fmt.Sprintf("%d customers/count to 1000", share.of), func(b *testing.B) {
			for b.Loop() {
				if counts, err := session.Count(b.Context(), order, core.Query{}, 1000); err != nil || counts[""] != min(1000, share.of) {
					b.Fatal(counts, err)
				}
			}
		})
	}
}

// manyOrders is a file with n customers, of whom nine in ten are German, nine
// in a hundred Austrian, one in a hundred Swiss and one in ten thousand from
// Liechtenstein, and an order of each.
func manyOrders(b *testing.B, m *schema.Model, n int) *sqlite.Store {
	b.Helper()
	store, err := sqlite.Open(filepath.Join(b.TempDir(), "xrm.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	if err := store.Prepare(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	create := func(e *schema.Entity, i int, values map[string]any) core.Change {
		at := at.Add(time.Duration(i) * time.Second)
		return core.Change{At: at, Action: core.Created, After: &core.Record{
			Entity: e.Name, ID: id(i), Version: 1, CreatedAt: at, UpdatedAt: at, Values: values,
		}}
	}
	for from := 0; from < n; from += 1000 {
		var parties, orders []core.Change
		for i := from; i < from+1000; i++ {
			parties = append(parties, create(m.Entity("party"), i, map[string]any{
				"kind": "organization", "displayName": fmt.Sprint("Customer ", i), "country": country(i), "status": "active",
				"roles": []any{"customer"}, "customer": map[string]any{"number": fmt.Sprint("C-", i), "since": schema.Instant(at)},
			}))
			orders = append(orders, create(m.Entity("order"), i, map[string]any{
				"number": fmt.Sprint("O-", i), "customer": id(i * 7919 % n), "state": []string{"requested", "shipped", "closed"}[i%3],
			}))
		}
		for e, changes := range map[string][]core.Change{"party": parties, "order": orders} {
			for _, err := range store.Commit(b.Context(), m.Entity(e), changes) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	return store
}

func id(i int) string { return fmt.Sprintf("0190b7f2-0000-7000-8000-%012d", i) }

func country(i int) string {
	switch {
	case i%1000 < 900:
		return "DE"
	case i%1000 < 990:
		return "AT"
	case i%10_000 == 999:
		return "LI"
	}
	return "CH"
}
