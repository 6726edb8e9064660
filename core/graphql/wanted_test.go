package graphql_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
)

func TestAQueryReadsOnlyWhatItSelects(t *testing.T) {
	s := newServer(t, nil, nil)
	s.ask(`mutation { createCustomer(data: {kind: organization, displayName: "Ann", number: "N1"}) { outcome } }`, "", "")
	s.ask(`mutation { createProduct(data: {sku: "1", name: "Chai"}) { outcome } }`, "", "")
	s.ask(`mutation { createOrder(data: {customer: "id-000001", lines: [{product: "id-000002", quantity: "1", unitPrice: {amount: "2", currency: "EUR"}}]}) { outcome } }`, "", "")
	tests := map[string]struct {
		query string
		want  []string // what is read of each entity, in the order of the queries
	}{
		"a field":                          {`{ customers { nodes { displayName } } }`, []string{"party [displayName]"}},
		"a field of the role":              {`{ customers { nodes { number id } } }`, []string{"party [customer.number]"}},
		"a role as a whole":                {`{ parties { nodes { customer { number } } } }`, []string{"party [customer]"}},
		"by edges, aliases and fragments":  {`{ a: customers { edges { node { ...f } } nodes { d: displayName } } } fragment f on Customer { number @skip(if: true) kind }`, []string{"party [displayName kind]"}},
		"nothing but places":               {`{ customers { pageInfo { endCursor } } }`, []string{"party []"}},
		"what the order goes by":           {`{ customers(orderBy: [{number: ASC}]) { nodes { id } } }`, []string{"party [customer.number]"}},
		"one record":                       {`{ customer(id: "id-000001") { displayName } customerBy(key: {number: "N1"}) { kind __typename } }`, []string{"party [displayName]", "party [kind]"}},
		"the lists of a page":              {`{ customers { nodes { orders { nodes { number } } } } }`, []string{"party []", "order [customer number]"}},
		"what is behind a reference":       {`{ orders { nodes { customer { number } lines { product { name } } } } }`, []string{"order [customer lines]", "party [customer.number]", "product [name]"}},
		"who is behind two references":     {`{ a: orders { nodes { customer { displayName } } } b: orders { nodes { customer { kind } } } }`, []string{"order [customer]", "order [customer]", "party [displayName]", "party [kind]"}},
		"what stands under several fields": {`{ orders { nodes { a: customer { displayName } b: customer { kind } } } }`, []string{"order [customer]", "party [displayName]", "party [kind]"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			s.store.reads = func(e *schema.Entity, reads []string) { got = append(got, fmt.Sprint(e.Name, " ", reads)) }
			if answer := s.ask(tt.query, "", ""); strings.Contains(answer, `"errors"`) {
				t.Fatal(answer)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%s\nread %q\nwant %q", tt.query, got, tt.want)
			}
		})
	}
}
