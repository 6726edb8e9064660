package graphql_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// countingStore counts the queries that reach the store.
type countingStore struct {
	record.Store
	queries atomic.Int64
	reads   func(e *schema.Entity, reads []string) // of every Find; nil for nobody
}

func (c *countingStore) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	c.queries.Add(1)
	if c.reads != nil {
		c.reads(e, q.Reads())
	}
	return c.Store.Find(ctx, e, q)
}

func (c *countingStore) Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error) {
	c.queries.Add(1)
	return c.Store.Count(ctx, e, q, limit)
}

func TestEveryLevelOfAQueryCostsOneStoreQueryWhateverThePageSize(t *testing.T) {
	s := newServer(t, nil, nil)
	var data []string
	for i := range 60 {
		data = append(data, fmt.Sprintf(`{kind: organization, displayName: "C%03d", number: "N%03d"}`, i, i))
	}
	s.ask(`mutation { createCustomers(data: [`+strings.Join(data, ",")+`]) { outcome } }`, "", "")
	s.ask(`mutation { createProducts(data: [{sku: "1", name: "Chai"}, {sku: "2", name: "Chang"}]) { outcome } }`, "", "")
	// The ids follow from the order of creation: 60 customers, then 2 products.
	var orders []string
	for i := range 180 {
		orders = append(orders, fmt.Sprintf(`{customer: "id-%06d", lines: [
			{product: "id-000061", quantity: "1", unitPrice: {amount: "2", currency: EUR}},
			{product: "id-000062", quantity: "1", unitPrice: {amount: "2", currency: EUR}}]}`, i%60+1))
	}
	orderData := strings.ReplaceAll(strings.Join(orders, ","), "EUR", `"EUR"`)
	if answer := s.ask(`mutation { createOrders(data: [`+orderData+`]) { outcome } }`, "", ""); strings.Contains(answer, "errors") {
		t.Fatal(answer)
	}
	tests := map[string]struct {
		query string
		want  int64
	}{
		"one level":                {`{ customers(first: %d) { nodes { displayName number } } }`, 1},
		"the count is a query too": {`{ customers(first: %d) { totalCount nodes { displayName } } }`, 2},
		"only the count":           {`{ customers(first: %d) { totalCount } }`, 1},
		"two levels":               {`{ customers(first: %d) { nodes { orders(first: 2) { nodes { number } } } } }`, 2},
		"three levels and back":    {`{ customers(first: %d) { nodes { orders(first: 2) { totalCount nodes { customer { displayName } lines { product { name } } } } } } }`, 5},
		"the other side of a list": {`{ products(first: %d) { nodes { orders(first: 5) { nodes { number } } } } }`, 2},
	}
	for name, tt := range tests {
		for _, size := range []int{1, 50} {
			t.Run(fmt.Sprintf("%s, pages of %d", name, size), func(t *testing.T) {
				s.store.queries.Store(0)
				if answer := s.ask(fmt.Sprintf(tt.query, size), "", ""); strings.Contains(answer, `"errors"`) {
					t.Fatal(answer)
				}
				if got := s.store.queries.Load(); got != tt.want {
					t.Errorf("%d store queries, want %d", got, tt.want)
				}
			})
		}
	}
}
