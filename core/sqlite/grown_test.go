package sqlite

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// big is a file in the size of a company: parties with their roles, and
// orders of which one customer has every tenth.
type big struct {
	*Store
	model         *schema.Model
	party, orders *schema.Entity
	n             int
}

// grown is a database with n parties and half as many orders: in memory, or in
// a file, where it may be found from an earlier run.
func grown(tb testing.TB, path string, n int) *big {
	tb.Helper()
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := OpenMemory()
	if path != "" {
		s, err = Open(path)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	if err := s.Prepare(tb.Context(), m); err != nil {
		tb.Fatal(err)
	}
	b := &big{s, m, m.Entity("party"), m.Entity("order"), n}
	if found, err := s.Count(tb.Context(), b.party, core.Query{}, 1); err != nil || found[""] > 0 {
		return b
	}
	b.fill(tb, b.party, n, b.partyValues)
	b.fill(tb, b.orders, n/2, b.orderValues)
	return b
}

func (b *big) fill(tb testing.TB, e *schema.Entity, n int, values func(i int) map[string]any) {
	tb.Helper()
	for from := 0; from < n; from += 5000 {
		var changes []core.Change
		for i := from; i < min(from+5000, n); i++ {
			at := storetest.GrownAt(i)
			changes = append(changes, core.Change{Actor: core.Actor{ID: "u", Name: "User"}, At: at, Action: core.Created, After: &core.Record{
				Entity: e.Name, ID: storetest.GrownID(i), Version: 1, CreatedAt: at, CreatedBy: "u", UpdatedAt: at, UpdatedBy: "u", Values: values(i),
			}})
		}
		commitAll(tb, b.Store, e, changes)
	}
}

func (b *big) partyValues(i int) map[string]any { return storetest.GrownParty(i, b.n) }

func (b *big) orderValues(i int) map[string]any { return storetest.GrownOrder(i, b.n) }
