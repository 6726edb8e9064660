package mongo

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// big is a database in the size of a company: parties with their roles, and
// orders of which one customer has every tenth.
type big struct {
	*Store
	model         *schema.Model
	party, orders *schema.Entity
	n             int
}

// grown is a database with n parties and half as many orders.
func grown(tb testing.TB, n int) *big {
	tb.Helper()
	s := open(tb, mongotest.Server(tb), patient)
	tb.Cleanup(func() { s.Close() })
	b := grownIn(tb, s, n)
	if err := s.Prepare(tb.Context(), b.model); err != nil {
		tb.Fatal(err)
	}
	return b
}

// grownIn fills the database of a store, beside its write path: a million
// records of that would take an hour.
func grownIn(tb testing.TB, s *Store, n int) *big {
	tb.Helper()
	m := grownModel(tb)
	b := &big{s, m, m.Entity("party"), m.Entity("order"), n}
	if n, err := s.collection(b.party).EstimatedDocumentCount(tb.Context()); err != nil || n > 0 {
		return b
	}
	b.fill(tb, b.party, n, b.partyValues)
	b.fill(tb, b.orders, n/2, b.orderValues)
	return b
}

// grownModel is the model that comes with the program, and more.
func grownModel(tb testing.TB, more ...schema.Source) *schema.Model {
	tb.Helper()
	m, err := schema.Load(append(entities.Sources(), more...)...)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func (b *big) fill(tb testing.TB, e *schema.Entity, n int, values func(i int) map[string]any) {
	tb.Helper()
	for from := 0; from < n; from += 5000 {
		var documents []bson.D
		for i := from; i < min(from+5000, n); i++ {
			at := storetest.GrownAt(i)
			set, _, err := fieldsOf(e, nil, &core.Record{Entity: e.Name, ID: storetest.GrownID(i), Version: 1, CreatedAt: at, CreatedBy: "u", UpdatedAt: at, UpdatedBy: "u", Values: values(i)}, nil, nil)
			if err != nil {
				tb.Fatal(err)
			}
			set = append(set, keysAt(b.keeping(e).paths, b.collation, values(i)).whole()...)
			documents = append(documents, append(bson.D{{Key: idField, Value: storetest.GrownID(i)}}, set...))
		}
		if _, err := b.collection(e).Collection.InsertMany(tb.Context(), documents); err != nil {
			tb.Fatal(err)
		}
	}
}

func (b *big) partyValues(i int) map[string]any { return storetest.GrownParty(i, b.n) }

func (b *big) orderValues(i int) map[string]any { return storetest.GrownOrder(i, b.n) }

func parsed(tb testing.TB, m *schema.Model, e *schema.Entity, raw object) schema.Filter {
	tb.Helper()
	f, err := m.ParseFilter(e, raw, true)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}
