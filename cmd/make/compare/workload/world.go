package workload

import (
	"context"
	"fmt"
)

// World is what a server has been filled with, by its ids.
type World struct {
	customers []string
	deep      string // the cursor of a page four fifths down the list of customers
}

// batch is how many records are sent at a time.
const batch = 100

// cities repeat, so that a filter has something to find and to leave out.
var cities = []string{"Potsdam", "Kassel", "Jena", "Lüneburg", "Bremen", "Aachen", "Passau"}

// countries are a third each.
var countries = []string{"DE", "AT", "FR"}

// Fill makes so many customers, a fourth as many products, and half as many
// orders with three lines. Every server gets the same.
func Fill(ctx context.Context, c *Client, customers int) (World, error) {
	var w World
	var err error
	if w.customers, err = create(ctx, c, "customer", "Customers", customers, customer); err != nil {
		return w, err
	}
	products, err := create(ctx, c, "product", "Products", max(customers/4, 1), product)
	if err != nil {
		return w, err
	}
	_, err = create(ctx, c, "order", "Orders", max(customers/2, 1), func(i int) map[string]any {
		return order(i, w.customers, products)
	})
	if err != nil {
		return w, err
	}
	w.deep, err = deepCursor(ctx, c, customers*4/5)
	return w, err
}

// create returns the ids of what it has made.
func create(ctx context.Context, c *Client, entity, plural string, n int, of func(i int) map[string]any) (ids []string, err error) {
	query := fmt.Sprintf("mutation ($data: [%sInput!]!) { create%s(data: $data) { made: %s { id } } }", upper(entity), plural, entity)
	for len(ids) < n {
		var data []map[string]any
		for i := len(ids); i < min(len(ids)+batch, n); i++ {
			data = append(data, of(i))
		}
		var answer map[string][]struct{ Made struct{ ID string } }
		if err := c.ask(ctx, query, map[string]any{"data": data}, &answer); err != nil {
			return nil, err
		}
		for _, one := range answer["create"+plural] {
			ids = append(ids, one.Made.ID)
		}
	}
	return ids, nil
}

func customer(i int) map[string]any {
	letter := string(rune('A' + i*7%26))
	return map[string]any{
		"kind": "organization", "displayName": fmt.Sprintf("%s Futterhaus %05d", letter, i), "city": cities[i%len(cities)],
		"country": countries[i%len(countries)], "street": fmt.Sprintf("Hauptstraße %d", i), "postalCode": fmt.Sprintf("%05d", i%100000),
		"email": fmt.Sprintf("kontakt%d@futterhaus.example", i), "industry": "Tiernahrung", "segment": string(rune('A' + i%3)),
	}
}

func product(i int) map[string]any {
	return map[string]any{
		"sku": fmt.Sprintf("SKU-%05d", i), "name": fmt.Sprintf("Napf %05d", i), "category": fmt.Sprintf("Category %d", i%20),
		"unitPrice": price(i), "unitsInStock": i % 300,
	}
}

func price(i int) map[string]any {
	return map[string]any{"amount": fmt.Sprintf("%d.%02d", i%90+1, i%100), "currency": "EUR"}
}

func order(i int, customers, products []string) map[string]any {
	var lines []map[string]any
	for line := range 3 {
		lines = append(lines, map[string]any{"position": line + 1, "product": products[(i*3+line)%len(products)], "quantity": fmt.Sprint(line + 1), "unitPrice": price(i + line)})
	}
	return map[string]any{"customer": customers[i%len(customers)], "placedOn": fmt.Sprintf("2026-%02d-%02d", i%12+1, i%28+1), "lines": lines}
}

// deepCursor pages through the list as a client does that goes far.
func deepCursor(ctx context.Context, c *Client, depth int) (cursor string, err error) {
	const query = `query ($first: Int!, $after: String) { customers(orderBy: [{displayName: ASC}], first: $first, after: $after) { pageInfo { endCursor } } }`
	variables := map[string]any{}
	for passed := 0; passed < depth; passed += batch {
		variables["first"] = min(batch, depth-passed)
		var answer struct {
			Customers struct {
				PageInfo struct{ EndCursor string }
			}
		}
		if err := c.ask(ctx, query, variables, &answer); err != nil {
			return "", err
		}
		cursor = answer.Customers.PageInfo.EndCursor
		variables["after"] = cursor
	}
	return cursor, nil
}
