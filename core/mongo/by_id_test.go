package mongo

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
)

func byIDs(ids ...any) core.Query {
	return core.Query{Filter: schema.Filter{Path: "id", Op: schema.OpIn, Value: ids, Field: schema.SystemFields[0]}, First: -1}
}

// A batch is decided and not applied yet: whoever reads its records by their ids sees it.
func TestARecordReadByItsIDHasWhatABatchHasDecided(t *testing.T) {
	for name, narrow := range map[string]func(q *core.Query){
		"all values":       func(*core.Query) {},
		"one value":        func(q *core.Query) { q.Only = []string{"moves"} },
		"also deleted":     func(q *core.Query) { q.Deleted = true },
		"no more than two": func(q *core.Query) { q.First = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, mongotest.Server(t), patient)
			w := newWorld(t, s)
			b := w.moving(s, "k")
			changed, other := b.Steps[0].After.ID, b.Steps[1].After.ID
			decideOnly(t, s, b)
			q := byIDs(changed, other)
			narrow(&q)
			found, err := s.Find(t.Context(), w.account, q)
			if must(t, err); len(found) != 2 || found[0].Values["moves"] != int64(1) || found[1].Values["moves"] != int64(1) {
				t.Errorf("what the batch changes: %v; want two accounts with one move", found)
			}

			b = w.moving(s, "l")
			created := b.Steps[3].After.ID
			decideOnly(t, s, b)
			q = byIDs(created)
			narrow(&q)
			q.Only = nil
			found, err = s.Find(t.Context(), w.move, q)
			if must(t, err); len(found) != 1 || found[0].Values["number"] != "l" {
				t.Errorf("what the batch creates: %v; want the move l", found)
			}
			w.holds(s)
		})
	}
}

// Nothing is asked besides where the records tell by themselves.
func TestARecordIsReadByItsIDWithOneCommand(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	w := newWorld(t, s)
	m := mortalBeside(t, s)
	must(t, m.Prepare(t.Context(), w.model))
	for name, q := range map[string]core.Query{"one": byIDs(w.accounts[0]), "the same twice": byIDs(w.accounts[0], w.accounts[0]), "all": byIDs(w.accounts[0], w.accounts[1], w.accounts[2])} {
		const most = 1 << 30
		m.left.Store(most)
		found, err := m.Find(core.OneRequest(t.Context()), w.account, q)
		if sent := most - m.left.Load(); err != nil || len(found) == 0 || sent != 1 {
			t.Errorf("%s: %d commands for %d records, %v; want one command", name, sent, len(found), err)
		}
	}
}
