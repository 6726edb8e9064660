package graphql_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// seeded is a server with 2,000 products, 500 customers and 1,000 orders.
type seeded struct {
	engine  *execution.Engine
	session *record.Session
	ctx     context.Context
}

// firstName is where the lists begin, about in the middle of the products.
const firstName = "M"

func seed(b *testing.B, store record.Store) *seeded {
	b.Helper()
	model, err := schema.Load(entities.Sources()...)
	if err != nil {
		b.Fatal(err)
	}
	policy, err := access.LoadRoles(model, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := store.Prepare(b.Context(), model); err != nil {
		b.Fatal(err)
	}
	service := &record.Service{
		Store: store, Region: "DE", Now: time.Now,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() },
	}
	basis := record.Basis{Model: model, Policy: policy}
	engine, err := graphql.Build(graphql.Config{Snapshot: &snapshot.Snapshot{Basis: basis}, Service: service})
	if err != nil {
		b.Fatal(err)
	}
	admin := core.Actor{ID: "admin-1", Name: "admin", Roles: []string{"admin"}}
	s := &seeded{engine: engine, session: service.As(admin, basis), ctx: graphql.WithActor(b.Context(), admin)}
	products := s.save(b, "product", 2000, func(i int) map[string]any {
		letter := string(rune('A' + i*7%26))
		return map[string]any{
			"sku": fmt.Sprintf("SKU-%05d", i), "name": fmt.Sprintf("%s product %05d for dogs", letter, i),
			"category": fmt.Sprintf("Category %d", i%40), "quantityPerUnit": "10 boxes of 20 bags",
			"unitPrice":    map[string]any{"amount": fmt.Sprintf("%d.%02d", i%90+1, i%100), "currency": "EUR"},
			"unitsInStock": json.Number(fmt.Sprint(i % 300)), "discontinued": i%10 == 0,
		}
	})
	customers := s.save(b, "customer", 500, func(i int) map[string]any {
		return map[string]any{
			"kind": "organization", "displayName": fmt.Sprintf("Customer %05d GmbH", i*37%500), "customer.segment": "B",
			"email": fmt.Sprintf("office%d@example.com", i), "street": "Hauptstraße 1", "postalCode": "10115", "city": "Berlin", "country": "DE",
		}
	})
	s.save(b, "order", 1000, func(i int) map[string]any {
		line := func(n int) map[string]any {
			return map[string]any{"product": products[(i*3+n)%len(products)], "quantity": "2", "unitPrice": map[string]any{"amount": "9.90", "currency": "EUR"}}
		}
		return map[string]any{
			"customer": customers[i%len(customers)], "placedOn": fmt.Sprintf("2026-%02d-%02d", i%12+1, i%28+1),
			"lines": []any{line(0), line(1), line(2)},
		}
	})
	return s
}

// save makes records in batches and returns their ids.
func (s *seeded) save(b *testing.B, entity string, n int, values func(i int) map[string]any) []string {
	b.Helper()
	var ids []string
	for len(ids) < n {
		drafts := make([]record.Draft, 500)
		for i := range drafts {
			drafts[i] = record.Draft{Action: core.Created, Set: values(len(ids) + i)}
		}
		for _, result := range s.session.Save(s.ctx, s.session.Model.Entity(entity), drafts, false) {
			if result.Err != nil {
				b.Fatalf("make a %s: %v", entity, result.Err)
			}
			ids = append(ids, result.Record.ID)
		}
	}
	return ids
}

func (s *seeded) ask(b *testing.B, query string) []byte {
	result := s.engine.Execute(s.ctx, execution.Request{Query: query}, nil)
	if len(result.Errors) > 0 {
		b.Fatal(result.Errors)
	}
	answer, err := result.AppendJSON(nil)
	if err != nil {
		b.Fatal(err)
	}
	return answer
}
