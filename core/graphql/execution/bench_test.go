package execution

import (
	"fmt"
	"testing"
)

func BenchmarkPrepare(b *testing.B) {
	const query = `query($n: Int) { customers(first: $n) { totalCount nodes { id name orders(first: 5) { nodes { id lines { sku product { name } } } } } } }`
	for name, limits := range map[string]Limits{"cached": {}, "uncached": {CachedDocuments: 1}} {
		b.Run(name, func(b *testing.B) {
			e := newShop(b, limits).engine
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Prepare(b.Context(), query); err != nil {
					b.Fatal(err)
				}
				if name == "uncached" {
					e.cache.Purge()
				}
			}
		})
	}
}

// Three levels: customers, each with two orders, each with two lines.
func BenchmarkExecute(b *testing.B) {
	for _, rows := range []int{20, 200} {
		b.Run(fmt.Sprintf("%d rows", rows), func(b *testing.B) {
			e := newShop(b, Limits{}).engine
			query := fmt.Sprintf(`{ customers(first: %d) { totalCount nodes { id name city orders(first: 2) { totalCount nodes { id lines { sku quantity } } } } } }`, rows)
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				result := e.Execute(b.Context(), Request{Query: query}, nil)
				if len(result.Errors) > 0 {
					b.Fatal(result.Errors)
				}
				out, _ = result.AppendJSON(out[:0])
			}
			b.SetBytes(int64(len(out)))
		})
	}
}

// The same without resolvers that make the data: what execution alone costs.
func BenchmarkExecuteOverReadyData(b *testing.B) {
	for _, rows := range []int{20, 200} {
		b.Run(fmt.Sprintf("%d rows", rows), func(b *testing.B) {
			s := newShop(b, Limits{})
			customers, _ := s.customers(BatchParams{Args: map[string]any{"first": rows}})
			nodes := customers[0].(map[string]any)["nodes"].([]any)
			orders, _ := s.orders(BatchParams{Parents: nodes, Args: map[string]any{"first": 2}})
			s.engine.types.objects["Query"].fields["customers"].batch = nil
			s.engine.types.objects["Customer"].fields["orders"].batch = nil
			for i, node := range nodes {
				node.(map[string]any)["orders"] = orders[i]
			}
			root := map[string]any{"customers": customers[0]}
			const query = `{ customers(first: 20) { totalCount nodes { id name city orders(first: 2) { totalCount nodes { id lines { sku quantity } } } } } }`
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				result := s.engine.Execute(b.Context(), Request{Query: query}, root)
				if len(result.Errors) > 0 {
					b.Fatal(result.Errors)
				}
				out, _ = result.AppendJSON(out[:0])
			}
			b.SetBytes(int64(len(out)))
		})
	}
}
