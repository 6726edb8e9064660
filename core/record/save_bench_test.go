package record_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// What a save costs besides the disk, of a customer and of an order with lines.
func BenchmarkSave(b *testing.B) {
	store, err := sqlite.OpenMemory()
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	benchmarkSave(b, store)
}

// The same with a database that is asked over the network.
func BenchmarkSaveOnMongoDB(b *testing.B) {
	uri, _ := mongotest.Database(b)
	store, err := mongo.New(mongo.Config{URI: uri})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	benchmarkSave(b, store)
}

func benchmarkSave(b *testing.B, store record.Store) {
	model, err := schema.Load(entities.Sources()...)
	if err != nil {
		b.Fatal(err)
	}
	roles, err := access.LoadRoles(model, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := store.Prepare(b.Context(), model); err != nil {
		b.Fatal(err)
	}
	service := &record.Service{Store: store, Region: "DE", Now: time.Now, NewID: uuid.NewString}
	session := service.As(admin, record.Basis{Model: model, Policy: roles})
	save := func(entity string, draft record.Draft) *core.Record {
		result := session.Save(b.Context(), model.Entity(entity), []record.Draft{draft}, false)[0]
		if result.Err != nil {
			b.Fatal(result.Err)
		}
		return result.Record
	}
	customer := map[string]any{
		"kind": "organization", "displayName": "Teehaus Ulm", "country": "DE", "city": "Ulm", "street": "Frauenstraße 1", "postalCode": "89073",
		"email": "post@teehaus.example", "phone": "+49 731 1234567", "tags": []any{"tea", "fair"}, "customer.segment": "A",
	}
	c := save("customer", record.Draft{Action: core.Created, Set: customer})
	b.Run("create", func(b *testing.B) {
		for b.Loop() {
			save("customer", record.Draft{Action: core.Created, Set: customer})
		}
	})
	b.Run("update", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			save("customer", record.Draft{Action: core.Updated, ID: c.ID, Set: map[string]any{"city": "Ulm " + strconv.Itoa(n)}})
		}
	})
	b.Run("create with a reference", func(b *testing.B) {
		for b.Loop() {
			save("order", record.Draft{Action: core.Created, Set: map[string]any{"customer": c.ID}})
		}
	})
	product := save("product", record.Draft{Action: core.Created, Set: map[string]any{"sku": "T-1", "name": "Tea"}})
	var lines []any
	for n := range 50 {
		lines = append(lines, map[string]any{"product": product.ID, "quantity": strconv.Itoa(n + 1), "unitPrice": map[string]any{"amount": "3.5", "currency": "EUR"}})
	}
	o := save("order", record.Draft{Action: core.Created, Set: map[string]any{"customer": c.ID, "lines": lines}})
	b.Run("update of 50 lines", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			save("order", record.Draft{Action: core.Updated, ID: o.ID, Set: map[string]any{"note": "n " + strconv.Itoa(n)}})
		}
	})
}
