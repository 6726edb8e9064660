package record_test

import (
	"sync"
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
)

// What a number without gaps costs against one with gaps: in turn, eight at a time, and in
// bulk. The two take turns, and what is told is the one divided by the other.
func BenchmarkGapless(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		store, err := sqlite.Open(b.TempDir() + "/xrm.db")
		if err != nil {
			b.Fatal(err)
		}
		defer store.Close()
		benchmarkGapless(b, store)
	})
	b.Run("MongoDB", func(b *testing.B) {
		uri, _ := mongotest.Database(b)
		store, err := mongo.New(mongo.Config{URI: uri})
		if err != nil {
			b.Fatal(err)
		}
		defer store.Close()
		benchmarkGapless(b, store)
	})
}

func benchmarkGapless(b *testing.B, store record.Store) {
	fields := "fields: {amount: {type: integer}, number: {type: autonumber, format: \"{00000}\", unique: true"
	model, err := schema.Load(schema.Source{File: "plain.yaml", Data: []byte("entity: plain\n" + fields + "}}\n")}, schema.Source{File: "invoice.yaml", Data: []byte("entity: invoice\n" + fields + ", gapless: true}}\n")})
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
	service := &record.Service{Store: store, Now: time.Now, NewID: uuid.NewString}
	save := func(entity string, drafts int) {
		all := make([]record.Draft, drafts)
		for i := range all {
			all[i] = record.Draft{Action: core.Created, Set: map[string]any{"amount": i}}
		}
		for _, r := range service.As(admin, record.Basis{Model: model, Policy: roles}).Save(core.OneRequest(b.Context()), model.Entity(entity), all, false) {
			if r.Err != nil {
				b.Error(r.Err)
			}
		}
	}
	for name, do := range map[string]func(entity string){
		"one by one": func(entity string) { save(entity, 1) },
		"in bulk":    func(entity string) { save(entity, 50) },
		"eight at a time": func(entity string) {
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() { save(entity, 1) })
			}
			group.Wait()
		},
	} {
		b.Run(name, func(b *testing.B) {
			took := map[string]time.Duration{}
			for b.Loop() {
				for _, entity := range []string{"plain", "invoice"} {
					start := time.Now()
					do(entity)
					took[entity] += time.Since(start)
				}
			}
			b.ReportMetric(float64(took["invoice"])/float64(took["plain"]), "ratio")
		})
	}
}
