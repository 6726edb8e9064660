package core_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

func TestARefusedListNamesTheIndexThatWouldServeIt(t *testing.T) {
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatal(err)
	}
	customer := m.Entity("customer")
	order := func(e *schema.Entity, name string, descending bool) []core.Order {
		o, err := e.SortKey(name, descending)
		if err != nil {
			t.Fatal(err)
		}
		return []core.Order{o}
	}
	const begin = "The list of parties would have to look at more than 50000 records to fill its page; narrow the filter or ask for another order"
	tests := map[string]struct {
		filter map[string]any
		order  []core.Order
		want   string
	}{
		"a value and an order":       {map[string]any{"status": map[string]any{"eq": "blocked"}}, order(customer, "displayName", true), begin + ", or let an administrator add indexes: [[status, -displayName]] to party."},
		"what a role adds":           {map[string]any{"customer": map[string]any{"segment": map[string]any{"eq": "A"}}}, order(customer, "displayName", false), begin + ", or let an administrator add indexes: [[segment, displayName]] to customer."},
		"an order without an index":  {nil, order(customer, "version", false), begin + ", or let an administrator add indexes: [[version]] to party."},
		"an order among no equals":   {map[string]any{"city": map[string]any{"gt": "B"}}, order(customer, "version", false), begin + ", or let an administrator add indexes: [[version]] to party."},
		"an order with an index":     {map[string]any{"city": map[string]any{"ne": "B"}}, order(customer, "displayName", false), begin + "."},
		"no phone":                   {map[string]any{"phone": map[string]any{"isNull": true}}, order(customer, "displayName", false), begin + ", or let an administrator add indexes: [[phone, displayName]] to party."},
		"an amount":                  {map[string]any{"customer": map[string]any{"creditLimit": map[string]any{"isNull": true}}}, order(customer, "version", false), begin + ", or let an administrator add indexes: [[creditLimit, version]] to customer."},
		"nothing that an index does": {map[string]any{"displayName": map[string]any{"contains": "x"}}, nil, begin + "."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := m.ParseFilter(m.Entity("party"), tt.filter, true)
			if err != nil {
				t.Fatal(err)
			}
			err = core.Query{Filter: f, OrderBy: tt.order}.TooFar(m.Entity("party"), "more than 50000 records", nil)
			if got := err.Error(); got != tt.want || core.CodeOf(err) != core.Invalid {
				t.Errorf("it says %q; want %q", got, tt.want)
			}
		})
	}
}
