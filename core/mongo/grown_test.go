package mongo

import (
	"fmt"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
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
			at := grownAt(i)
			set, _, err := fieldsOf(e, nil, &core.Record{Entity: e.Name, ID: grownID(i), Version: 1, CreatedAt: at, CreatedBy: "u", UpdatedAt: at, UpdatedBy: "u", Values: values(i)}, nil, nil)
			if err != nil {
				tb.Fatal(err)
			}
			set = append(set, keysAt(b.keeping(e).paths, b.collation, values(i)).whole()...)
			documents = append(documents, append(bson.D{{Key: idField, Value: grownID(i)}}, set...))
		}
		if _, err := b.collection(e).Collection.InsertMany(tb.Context(), documents); err != nil {
			tb.Fatal(err)
		}
	}
}

func grownID(i int) string { return fmt.Sprintf("0190b7f2-0000-7000-8000-%012d", i) }

func grownAt(i int) time.Time { return time.Date(2020, 1, 1, 0, 0, i, 0, time.UTC) }

// mixed is a number below n that has nothing to do with the order of i.
func mixed(i, n int) int { return int(uint64(i) * 2654435761 % 4294967291 % uint64(n)) }

// partyValues are those of a party: nine of ten are customers, one of fifty a
// supplier, one of a thousand a partner; one of twenty is blocked.
func (b *big) partyValues(i int) map[string]any {
	k := mixed(i, b.n)
	v := map[string]any{
		"kind": []any{"person", "organization"}[k%2], "displayName": fmt.Sprintf("Party %07d", k), "status": "active",
		"city": fmt.Sprint("City ", k%1000), "country": []any{"DE", "AT", "CH"}[k%3], "industry": fmt.Sprint("Industry ", k%50),
		"email": fmt.Sprintf("party%d@example.com", i),
	}
	if k%20 == 0 {
		v["status"] = "blocked"
	}
	if k%3 == 0 {
		v["externalId"] = fmt.Sprint("x", i)
		v["tags"] = []any{"known"}
	}
	if k%500 == 0 {
		v["tags"] = []any{"known", "vip"}
		v["addresses"] = []any{map[string]any{"city": fmt.Sprint("City ", k%7)}}
	}
	roles := []any{}
	if i%10 != 0 {
		roles = append(roles, "customer")
		v["customer"] = map[string]any{"number": fmt.Sprintf("C-%07d", i), "segment": []any{"A", "B", "C"}[k%3], "since": "2020-01-01T00:00:00.000Z",
			"creditLimit": map[string]any{"amount": fmt.Sprint(k % 5000), "currency": "EUR"}, "accountManager": grownID(k % 40), "customerSince": fmt.Sprintf("20%02d-%02d-01", k%25, 1+k%12)}
	}
	if k%50 == 7 {
		roles = append(roles, "supplier")
		v["supplier"] = map[string]any{"number": fmt.Sprintf("S-%07d", i), "category": fmt.Sprint("Category ", k%30), "rating": int64(1 + k%5), "since": "2020-01-01T00:00:00.000Z"}
	}
	if k%1000 == 3 {
		roles = append(roles, "partner")
		v["partner"] = map[string]any{"since": "2020-01-01T00:00:00.000Z"}
	}
	v["roles"] = roles
	return v
}

func (b *big) orderValues(i int) map[string]any {
	customer := grownID(1)
	if i%10 != 0 {
		customer = grownID(mixed(i, b.n))
	}
	return map[string]any{"number": fmt.Sprintf("O-2026-%07d", i), "customer": customer, "state": []any{"requested", "closed", "closed", "closed"}[i%4],
		"placedOn": fmt.Sprintf("20%02d-%02d-01", mixed(i, 25), 1+i%12), "freight": map[string]any{"amount": fmt.Sprint(i % 300), "currency": "EUR"},
		"lines":       []any{map[string]any{"product": fmt.Sprint("p", i%40), "quantity": "1"}, map[string]any{"product": "p1", "quantity": "2"}},
		"responsible": fmt.Sprint("user ", i%7)}
}

func parsed(tb testing.TB, m *schema.Model, e *schema.Entity, raw object) schema.Filter {
	tb.Helper()
	f, err := m.ParseFilter(e, raw, true)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}
