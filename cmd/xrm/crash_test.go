package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/core/journal"
)

// ledger is what writers have been promised: the latest version of each
// record that the server has acknowledged.
type ledger struct {
	mu       sync.Mutex
	versions map[string]int64 // by id
	count    int
}

func newLedger() *ledger { return &ledger{versions: map[string]int64{}} }

func (l *ledger) promised(id string, version int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.versions[id] = version
	l.count++
}

// soFar is what has been promised until now, and in how many promises.
func (l *ledger) soFar() (versions map[string]int64, count int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.versions), l.count
}

// grows returns when so many more promises have been made.
func (l *ledger) grows(t *testing.T, by int) {
	t.Helper()
	_, before := l.soFar()
	eventually(t, func() string {
		if _, now := l.soFar(); now < before+by {
			return fmt.Sprintf("%d writes are acknowledged, want %d", now, before+by)
		}
		return ""
	})
}

// writer makes products and changes each of them, until the server is gone or
// stopped is closed. While the database is away it tries on.
func (l *ledger) writer(p *process, name string, stopped <-chan struct{}) {
	for n := 0; ; n++ {
		var made struct {
			CreateProduct struct {
				Product struct {
					ID      string
					Version int64
				}
			}
		}
		err := p.ask(`mutation ($sku: String!) { createProduct(data: {sku: $sku, name: "Dog food", unitsInStock: 0}) { product { id version } } }`,
			map[string]any{"sku": fmt.Sprintf("%s-%d", name, n)}, &made)
		product := made.CreateProduct.Product
		if err == nil {
			l.promised(product.ID, product.Version)
		}
		for stock := 1; stock <= 3 && err == nil; stock++ {
			var changed struct {
				UpdateProduct struct{ Product struct{ Version int64 } }
			}
			err = p.ask(`mutation ($id: ID!, $stock: Int) { updateProduct(id: $id, data: {unitsInStock: $stock}) { product { version } } }`,
				map[string]any{"id": product.ID, "stock": stock}, &changed)
			if err == nil {
				l.promised(product.ID, changed.UpdateProduct.Product.Version)
			}
		}
		var gone *client.Unreachable
		select {
		case <-stopped:
			return
		default:
			if errors.As(err, &gone) {
				return
			}
		}
	}
}

// past is the history of one product, latest change first.
type past []struct {
	Version int64
	Action  string
	Changes []change
}

type change struct {
	Field    string
	From, To any
}

// kept wants every promise kept, and of each record a history without gaps and
// doubles that tells how the record came to be as it is.
func (l *ledger) kept(t *testing.T, p *process) map[string]past {
	t.Helper()
	histories := map[string]past{}
	for _, id := range slices.Sorted(maps.Keys(l.versions)) {
		var got struct {
			Product *struct {
				Version      int64
				UnitsInStock int64
			}
			ProductHistory past
		}
		if err := p.ask(`query ($id: ID!) { product(id: $id) { version unitsInStock } productHistory(id: $id) { version action changes { field from to } } }`,
			map[string]any{"id": id}, &got); err != nil {
			t.Fatal(err)
		}
		// One more than promised: what was carried out before the answer got lost.
		if got.Product == nil || got.Product.Version < l.versions[id] || got.Product.Version > l.versions[id]+1 {
			t.Fatalf("version %d of %s was acknowledged, now it is %+v", l.versions[id], id, got.Product)
		}
		if int64(len(got.ProductHistory)) != got.Product.Version {
			t.Fatalf("%s has version %d and the history %+v", id, got.Product.Version, got.ProductHistory)
		}
		for i, entry := range got.ProductHistory {
			version := got.Product.Version - int64(i)
			action, from := "updated", any(float64(version-2))
			if version == 1 {
				action, from = "created", nil
			}
			want := change{Field: "unitsInStock", From: from, To: float64(version - 1)}
			if entry.Version != version || entry.Action != action || !slices.Contains(entry.Changes, want) {
				t.Errorf("change %d of %s is %+v", version, id, entry)
			}
		}
		histories[id] = got.ProductHistory
	}
	return histories
}

func TestWhatWasAcknowledgedOutlivesAServerThatIsKilled(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		data, promises := t.TempDir(), newLedger()
		for round := range 3 {
			p := spawn(t, data, nil, flags...).ready()
			var writers sync.WaitGroup
			for n := range 4 {
				writers.Go(func() { promises.writer(p, fmt.Sprintf("%d-%d", round, n), nil) })
			}
			promises.grows(t, 30)
			p.kill()
			writers.Wait()
		}
		after := spawn(t, data, nil, flags...).ready()
		atFirst := promises.kept(t, after)
		after.stop() // which moves what is left to the journal
		again := spawn(t, data, nil, flags...).ready()
		if diff := cmp.Diff(atFirst, promises.kept(t, again)); diff != "" {
			t.Errorf("the history changed when it was moved: %s", diff)
		}
		again.stop()
		placed(t, data, atFirst, flags...)
		t.Logf("%d writes to %d records were acknowledged", promises.count, len(promises.versions))
	})
}

// placed wants the entries of these histories in the journal at positions from 1
// without a gap, each once and those of one record by version.
func placed(t *testing.T, data string, histories map[string]past, flags ...string) {
	t.Helper()
	c := Config{Store: "sqlite", Data: data}
	if len(flags) > 0 {
		c.Store = flags[1]
	}
	s, err := openStore(c)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	entries, last, err := s.(journal.Positions).EntriesAfter(t.Context(), 0, 1_000_000)
	if err != nil || last != int64(len(entries)) {
		t.Fatalf("%d entries have positions up to %d: %v", len(entries), last, err)
	}
	versions := map[string]int64{}
	for i, e := range entries {
		if versions[e.RecordID]++; e.Position != int64(i+1) || e.Version != versions[e.RecordID] {
			t.Fatalf("behind position %d comes %d with version %d of %s, want version %d", i, e.Position, e.Version, e.RecordID, versions[e.RecordID])
		}
	}
	for id, history := range histories {
		if versions[id] != int64(len(history)) {
			t.Errorf("%s has %d entries with positions and the history %+v", id, versions[id], history)
		}
	}
}

func TestServersOfOneDatabaseThatAreKilledLeaveNoGapInTheJournal(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		data, promises := t.TempDir(), newLedger()
		var writers sync.WaitGroup
		stopped := make(chan struct{})
		serve := func(name string) *process {
			p := spawn(t, data, nil, flags...).ready()
			for n := range 2 {
				writers.Go(func() { promises.writer(p, fmt.Sprintf("%s-%d", name, n), stopped) })
			}
			return p
		}
		servers := []*process{serve("first"), serve("second")}
		for round := range 4 {
			promises.grows(t, 20)
			servers[round%2].kill()
			servers[round%2] = serve(fmt.Sprint("round ", round))
		}
		promises.grows(t, 20)
		close(stopped)
		writers.Wait()
		histories := promises.kept(t, servers[0])
		for _, p := range servers {
			p.stop() // which moves what is left to the journal
		}
		placed(t, data, histories, flags...)
	})
}
