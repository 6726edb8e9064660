package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/shopspring/decimal"
)

const sold = `
entity: sale
filterable: all
fields:
  customer: {type: text, index: true}
  lines:
    type: list
    of:
      type: object
      fields:
        quantity: {type: decimal}
        price: {type: money}
`

// sales is a file with 25,000 sales to 1,000 customers, of four lines each.
func sales(b *testing.B) (*Store, *schema.Entity, string) {
	b.Helper()
	m := load(b, sold)
	path := filepath.Join(b.TempDir(), "xrm.db")
	s, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := s.Prepare(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	for from := 0; from < 25_000; from += 1000 {
		var changes []core.Change
		for i := from; i < from+1000; i++ {
			var lines []any
			for n := range 4 {
				lines = append(lines, map[string]any{"quantity": fmt.Sprintf("%d.%d", i%90+1, n+1), "price": map[string]any{"amount": fmt.Sprintf("%d.%02d", i%977, (i+n)%99+1), "currency": "EUR"}})
			}
			changes = append(changes, core.Change{At: at, Action: core.Created, After: &core.Record{
				Entity: "sale", ID: fmt.Sprintf("%05d", i), Version: 1, CreatedAt: at, UpdatedAt: at, Values: map[string]any{"customer": fmt.Sprintf("c%03d", i%1000), "lines": lines},
			}})
		}
		commitAll(b, s, m.Entity("sale"), changes)
	}
	return s, m.Entity("sale"), path
}

// BenchmarkAggregate adds up 100,000 lines by customer.
func BenchmarkAggregate(b *testing.B) {
	s, e, path := sales(b)
	const customers = 1000
	amount, _ := e.At("lines.price.amount")
	q := core.Aggregate{Grouping: schema.Grouping{
		Items: "lines", By: orders(e, "customer", "lines.price.currency"), Limit: 2 * customers,
		Measures: []core.Measure{{Func: core.Sum, Path: "lines.price.amount", Field: amount}},
	}}
	b.Run("store", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			groups, err := s.Aggregate(b.Context(), e, q)
			if err != nil || len(groups) != customers || groups[0].Count != 100 {
				b.Fatal(len(groups), err)
			}
		}
	})
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	const key, currency, price = `json_extract(t.doc, '$."customer"')`, `json_extract(l.value, '$."price"."currency"')`, `json_extract(l.value, '$."price"."amount"')`
	const from = ` FROM entity_sale AS t, json_each(t.doc, '$."lines"') AS l WHERE t.deleted_at IS NULL`
	b.Run("bare driver, in floats", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rows, err := db.QueryContext(b.Context(), `SELECT `+key+`, `+currency+`, count(*), sum(`+price+`)`+from+` GROUP BY 1, 2 ORDER BY 1, 2`)
			if err != nil {
				b.Fatal(err)
			}
			found := 0
			for ; rows.Next(); found++ {
				var customer, currency string
				var count int64
				var sum float64
				if err := rows.Scan(&customer, &currency, &count, &sum); err != nil {
					b.Fatal(err)
				}
			}
			if rows.Close(); found != customers {
				b.Fatal(found)
			}
		}
	})
	b.Run("bare driver, exact in Go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rows, err := db.QueryContext(b.Context(), `SELECT `+key+`, `+currency+`, `+price+from)
			if err != nil {
				b.Fatal(err)
			}
			sums := map[[2]string]decimal.Decimal{}
			for rows.Next() {
				var of [2]string
				var amount string
				if err := rows.Scan(&of[0], &of[1], &amount); err != nil {
					b.Fatal(err)
				}
				sums[of] = sums[of].Add(schema.Decimal(amount))
			}
			if rows.Close(); len(sums) != customers {
				b.Fatal(len(sums))
			}
		}
	})
}
