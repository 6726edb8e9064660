package mongo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// mortal is an instance that dies before a command that it sends: whatever it does next
// does not happen.
type mortal struct {
	*Store
	left atomic.Int64 // commands until it dies
}

func mortalBeside(t *testing.T, s *Store) *mortal {
	t.Helper()
	m := &mortal{}
	m.left.Store(1 << 60)
	journaled := true
	client, err := driver.Connect(options.Client().ApplyURI(mongotest.Server(t)).
		SetReadPreference(readpref.Primary()).SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journaled}).
		SetMonitor(&event.CommandMonitor{Started: func(context.Context, *event.CommandStartedEvent) {
			if m.left.Add(-1) < 0 {
				runtime.Goexit()
			}
		}}))
	if err != nil {
		t.Fatal(err)
	}
	m.Store = &Store{client: client, db: client.Database(s.db.Name()), collation: s.collation, timeout: s.timeout, patience: s.patience, farthest: s.farthest}
	return m
}

// dies lets do run until the instance has sent n commands more, and says whether it came
// to its end before.
func (m *mortal) dies(n int, do func()) (died bool) {
	m.left.Store(int64(n))
	var group sync.WaitGroup
	group.Go(do)
	group.Wait()
	died = m.left.Load() < 0
	m.left.Store(1 << 60)
	return died
}

// world is what the batches of a test change: accounts among which an amount moves, each
// with a unique code, and one entry of the ledger for each move.
type world struct {
	*testing.T
	model    *schema.Model
	account  *schema.Entity
	move     *schema.Entity
	at       time.Time
	drawn    atomic.Int64
	accounts []string
}

func newWorld(t *testing.T, stores ...*Store) *world {
	t.Helper()
	w := &world{T: t, at: time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC), model: modelOf(t,
		"entity: account\nfilterable: all\nfields:\n  code: {type: text, unique: true}\n  amount: {type: integer, index: true}\n  moves: {type: integer}\n",
		"entity: move\nfilterable: all\nfields:\n  number: {type: text, unique: true}\n  amount: {type: integer}\n")}
	w.account, w.move = w.model.Entity("account"), w.model.Entity("move")
	for _, s := range stores {
		if err := s.Prepare(t.Context(), w.model); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		c := w.creation(w.account, map[string]any{"code": fmt.Sprintf("c%d", i), "amount": int64(1000), "moves": int64(0)})
		if err := stores[0].Commit(t.Context(), w.account, []core.Change{c})[0]; err != nil {
			t.Fatal(err)
		}
		w.accounts = append(w.accounts, c.After.ID)
	}
	return w
}

func (w *world) creation(e *schema.Entity, values map[string]any) core.Change {
	id := fmt.Sprintf("0190b7f2-0000-7000-8000-%012d", w.drawn.Add(1))
	return core.Change{Actor: core.Actor{ID: "u1"}, At: w.at, Action: core.Created, After: &core.Record{
		Entity: e.Name, ID: id, Version: 1, CreatedAt: w.at, CreatedBy: "u1", UpdatedAt: w.at, UpdatedBy: "u1", Values: values,
	}}
}

func (w *world) find(ctx context.Context, s *Store, e *schema.Entity, deleted bool) []*core.Record {
	found, err := s.Find(ctx, e, core.Query{First: -1, Deleted: deleted, OrderBy: []core.Order{{Path: "id", Field: schema.SystemFields[0]}}})
	if err != nil {
		w.Errorf("Find: %v", err)
	}
	return found
}

// moving is a batch that takes from the first account what the others get, writes down the
// move, and gives one account another code.
func (w *world) moving(s *Store, key string) core.Batch {
	b := core.Batch{ID: fmt.Sprintf("b%d", w.drawn.Add(1)), Once: core.Once{Key: key, Result: []byte(key), Keep: time.Hour}}
	found := w.find(w.Context(), s, w.account, false)
	if len(found) != 3 {
		w.Errorf("there are %d accounts; want 3", len(found))
		return b
	}
	for i, r := range found {
		after := r.Clone()
		after.Version++
		after.Values["amount"] = r.Values["amount"].(int64) + []int64{-2, 1, 1}[i]
		after.Values["moves"] = r.Values["moves"].(int64) + 1
		if i == 1 {
			after.Values["code"] = "code of " + b.ID
		}
		b.Steps = append(b.Steps, core.Step{Entity: w.account, Change: core.Change{Actor: core.Actor{ID: "u1"}, At: w.at, Action: core.Updated, Before: r, After: after}})
	}
	b.Steps = append(b.Steps, core.Step{Entity: w.move, Change: w.creation(w.move, map[string]any{"number": key, "amount": int64(2)})})
	return b
}

// holds tells what is not as it must be when no batch is on its way.
func (w *world) holds(s *Store) {
	w.Helper()
	accounts, moves := w.find(w.Context(), s, w.account, true), w.find(w.Context(), s, w.move, true)
	sum := int64(0)
	for _, r := range accounts {
		sum += r.Values["amount"].(int64)
		if n := r.Values["moves"].(int64); n != int64(len(moves)) || r.Version != n+1 {
			w.Errorf("account %s has %d moves in version %d; want %d", r.ID, n, r.Version, len(moves))
		}
		if history, err := s.History(w.Context(), w.account, r.ID, -1, 0); err != nil || len(history) != int(r.Version) {
			w.Errorf("account %s of version %d has %d entries in its history, %v", r.ID, r.Version, len(history), err)
		}
	}
	if sum != 3000 {
		w.Errorf("the accounts have %d together; want 3000", sum)
	}
	for _, e := range []*schema.Entity{w.account, w.move} {
		marked := bson.D{{Key: batchField, Value: bson.D{{Key: "$exists", Value: true}}}}
		if n, err := s.collection(e).CountDocuments(w.Context(), marked); err != nil || n != 0 {
			w.Errorf("%d documents of %s have a mark, %v; want none", n, e.Plural, err)
		}
	}
	if n, err := s.batches().CountDocuments(w.Context(), bson.D{}); err != nil || n != 0 {
		w.Errorf("%d batches are on their way, %v; want none", n, err)
	}
}

// TestABatchIsDoneOrNotWhereverItsProcessDies kills an instance before each command of a
// batch in turn. Another one ends what is left, and tries again by the key.
func TestABatchIsDoneOrNotWhereverItsProcessDies(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	m := mortalBeside(t, s)
	w := newWorld(t, s, m.Store)
	for n, died := 0, true; died; n++ {
		key := fmt.Sprintf("k%d", n)
		b := w.moving(s, key)
		died = m.dies(n, func() { m.CommitAll(t.Context(), b) })
		if err := s.EndBatch(t.Context(), b.ID); err != nil {
			t.Fatalf("killed before command %d: EndBatch: %v", n+1, err)
		}
		w.holds(s)
		_, done, err := s.State(t.Context(), core.OnceOwner, key)
		if err != nil || !died && done == 0 {
			t.Fatalf("killed before command %d: the key has version %d, %v", n+1, done, err)
		}
		if done == 0 {
			if err := errors.Join(s.CommitAll(t.Context(), w.moving(s, key))...); err != nil {
				t.Fatalf("killed before command %d: once more: %v", n+1, err)
			}
			w.holds(s)
		}
		if t.Failed() {
			t.Fatalf("killed before command %d", n+1)
		}
		t.Logf("killed before command %d: done %v", n+1, done != 0)
	}
}

// TestBatchesOfInstancesThatDieAreSeenWholeOrNotAtAll lets two instances move amounts, one
// of which dies all the time, while others read. Nobody ends what is left but those who
// come across it.
func TestBatchesOfInstancesThatDieAreSeenWholeOrNotAtAll(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := open(t, mongotest.Server(t), patient)
	other := beside(t, s)
	s.patience, other.patience = 50*time.Millisecond, 50*time.Millisecond
	m := mortalBeside(t, s)
	w := newWorld(t, s, other, m.Store)
	end := time.Now().Add(4 * time.Second)
	goesOn := func() bool { return time.Now().Before(end) && !t.Failed() }

	var group sync.WaitGroup
	var seen sync.Map // the numbers of moves
	for _, from := range []*Store{s, other} {
		group.Go(func() {
			for last := int64(0); goesOn(); {
				last = w.look(from, last, &seen)
			}
		})
	}
	group.Go(func() {
		for i := 0; goesOn(); i++ {
			b := w.moving(other, fmt.Sprintf("other %d", i))
			for _, err := range other.CommitAll(t.Context(), b) {
				if err != nil && core.CodeOf(err) != core.Conflict {
					t.Errorf("CommitAll: %v", err)
				}
			}
		}
	})
	var begun []string
	for i := 0; goesOn(); i++ {
		b := w.moving(s, fmt.Sprintf("mortal %d", i))
		begun = append(begun, b.ID)
		m.dies(random.IntN(26), func() { m.CommitAll(t.Context(), b) })
	}
	group.Wait()
	for _, id := range begun {
		if err := s.EndBatch(t.Context(), id); err != nil {
			t.Errorf("EndBatch: %v", err)
		}
	}
	w.holds(s)
	there := map[string]bool{}
	for _, r := range w.find(t.Context(), s, w.move, true) {
		there[r.Values["number"].(string)] = true
	}
	seen.Range(func(number, _ any) bool {
		if !there[number.(string)] {
			t.Errorf("the move %s was seen, and is not there", number)
		}
		return true
	})
	t.Logf("%d batches of an instance that died, %d moves", len(begun), len(there))
}

// look is a request. Whatever one before it saw of a batch, it sees all of it.
func (w *world) look(s *Store, last int64, seen *sync.Map) int64 {
	request := core.OneRequest(w.Context())
	moves, accounts := w.find(request, s, w.move, false), w.find(request, s, w.account, false)
	if len(moves) < int(last) {
		w.Errorf("there are %d moves; a request before has seen %d", len(moves), last)
	}
	next := max(last, int64(len(moves)))
	for _, r := range moves {
		seen.Store(r.Values["number"], true)
	}
	for _, r := range accounts {
		if n := r.Values["moves"].(int64); n < last {
			w.Errorf("account %s has %d moves; a request before has seen %d", r.ID, n, last)
		} else {
			next = max(next, n)
		}
	}
	return next
}

func modelOf(t testing.TB, definitions ...string) *schema.Model {
	t.Helper()
	var sources []schema.Source
	for i, text := range definitions {
		sources = append(sources, schema.Source{Layer: "test", File: fmt.Sprintf("%d.yaml", i), Data: []byte(text)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
