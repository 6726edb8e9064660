package workload

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Scenario is one thing that clients do over and over.
type Scenario struct {
	Name    string
	Clients []int // with how many at the same time it is worth measuring

	// Request is the body of the request that is sent as the i-th. Those that
	// write differ for each i.
	Request func(w World, i int) []byte

	records int // in a right answer
}

// Check says what is wrong with an answer.
func (s Scenario) Check(answer []byte) error {
	if found := bytes.Count(answer, []byte(`"displayName":`)); found != s.records {
		return fmt.Errorf("%s is answered with %d records, and not %d: %s", s.Name, found, s.records, short(answer))
	}
	return nil
}

// page is how many records a list has.
const page = 20

// Scenarios are all, those that write after those that read: so every reader
// finds what Fill has made.
func Scenarios() []Scenario {
	const fields = "id version number displayName city country email segment status createdAt"
	get := `query ($id: ID!) { customer(id: $id) { ` + fields + ` } }`
	list := `query ($country: String!, $first: Int!) { customers(filter: {country: {eq: $country}}, orderBy: [{displayName: ASC}], first: $first) { nodes { ` + fields + ` } } }`
	related := `query ($first: Int!) { orders(orderBy: [{number: DESC}], first: $first) { nodes { number placedOn customer { displayName } lines { quantity product { sku name } } } } }`
	search := `query ($search: String!, $first: Int!) { customers(search: $search, first: $first) { nodes { ` + fields + ` } } }`
	deep := `query ($after: String, $first: Int!) { customers(orderBy: [{displayName: ASC}], first: $first, after: $after) { nodes { ` + fields + ` } } }`
	total := `query ($country: String!) { customers(filter: {country: {eq: $country}}, first: 1) { totalCount nodes { displayName } } }`
	update := `mutation ($id: ID!, $note: String!) { updateCustomer(id: $id, data: {note: $note}) { customer { displayName note } } }`
	createOne := `mutation ($data: CustomerInput!) { createCustomer(data: $data) { customer { id displayName } } }`
	createBatch := `mutation ($data: [CustomerInput!]!) { createCustomers(data: $data) { customer { id displayName } } }`
	return []Scenario{
		{"get one", []int{1, 16}, func(w World, i int) []byte { return request(get, map[string]any{"id": w.any(i)}) }, 1},
		{"list of 20 with a filter", []int{1, 16}, func(_ World, i int) []byte {
			return request(list, map[string]any{"country": countries[i%len(countries)], "first": page})
		}, page},
		{"list of 20 with relations", []int{1, 16}, func(World, int) []byte { return request(related, map[string]any{"first": page}) }, page},
		{"search", []int{1}, func(_ World, i int) []byte {
			return request(search, map[string]any{"search": "futter " + strings.ToLower(cities[i%len(cities)]), "first": page})
		}, page},
		{"page deep in a list", []int{1}, func(w World, _ int) []byte { return request(deep, map[string]any{"after": w.deep, "first": page}) }, page},
		{"totalCount", []int{1}, func(_ World, i int) []byte {
			return request(total, map[string]any{"country": countries[i%len(countries)]})
		}, 1},
		{"update one", []int{1, 16}, func(w World, i int) []byte {
			return request(update, map[string]any{"id": w.any(i), "note": fmt.Sprintf("Called for the %d. time.", i)})
		}, 1},
		{"create one", []int{1, 16}, func(w World, i int) []byte {
			return request(createOne, map[string]any{"data": customer(len(w.customers) + i)})
		}, 1},
		{"create a batch of 100", []int{1}, func(w World, i int) []byte {
			var data []map[string]any
			for n := range batch {
				data = append(data, customer(len(w.customers)+i*batch+n))
			}
			return request(createBatch, map[string]any{"data": data})
		}, batch},
	}
}

// scenario is the one of a name.
func scenario(name string) Scenario {
	all := Scenarios()
	return all[slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })]
}

// any is a customer that is seldom the one before.
func (w World) any(i int) string { return w.customers[i*37%len(w.customers)] }

func upper(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
