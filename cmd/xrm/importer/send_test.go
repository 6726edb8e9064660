package importer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAmountsWithoutCurrencyAreToldInTheWordsOfTheMap(t *testing.T) {
	s := newFakeServer(t)
	s.records["order"] = []map[string]any{{"id": "order-1", "number": "1", "customer": "c"}}
	s.records["product"] = []map[string]any{{"id": "product-a", "sku": "11"}}
	customers := &importing{entity: "customer", key: "number", file: "number,kind,displayName,creditLimit\nC-1,person,Ann,100\n"}
	customers.mustRun(t, s)
	orders := &importing{
		mapping: strings.Replace(ordersMap, "currency: USD\n", "", 1),
		file:    "orderID,productID,unitPrice,quantity\n1,11,14,1\n",
	}
	orders.mustRun(t, s)
	const says = `must say its currency, for example {amount: "12.50", currency: EUR}; give it by currency: EUR in the map, or by a column `
	want := []string{"creditLimit " + says + "creditLimit.currency", "lines.unitPrice (column unitPrice) " + says + "lines.unitPrice.currency"}
	if diff := cmp.Diff(want, append(customers.reasons, orders.reasons...)); diff != "" {
		t.Error(diff)
	}
}
