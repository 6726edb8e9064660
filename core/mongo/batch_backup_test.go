package mongo

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/backup"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/storetest"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestABackupHasABatchWholeWhereverItsProcessDies kills an instance before each command of
// a batch in turn, makes a backup of what is left, and restores it into a database of either
// kind.
func TestABackupHasABatchWholeWhereverItsProcessDies(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	m := mortalBeside(t, s)
	w := newWorld(t, s, m.Store)
	other := open(t, mongotest.Server(t), patient)
	decided := 0
	for n, died := 0, true; died; n++ {
		key := fmt.Sprintf("k%d", n)
		b := w.moving(s, key)
		died = m.dies(n, func() { m.CommitAll(t.Context(), b) })
		left, err := s.batches().CountDocuments(t.Context(), bson.D{{Key: stateField, Value: decidedState}})
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		relay := &journal.Relay{Store: s}
		if _, err := backup.Write(t.Context(), &file, s, backup.Options{Now: time.Now, Drain: relay.Drain}); err != nil {
			t.Fatalf("killed before command %d: %v", n+1, err)
		}
		memory, err := sqlite.OpenMemory()
		if err != nil {
			t.Fatal(err)
		}
		w.restoresWhole(memory, file.Bytes(), key)
		if left > 0 { // the others are no different, and this store takes longer
			decided++
			if err := errors.Join(other.clear(t.Context()), other.batches().Drop(t.Context())); err != nil {
				t.Fatal(err)
			}
			w.restoresWhole(other, file.Bytes(), key)
		}
		_ = memory.Close()
		if err := s.EndBatch(t.Context(), b.ID); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("killed before command %d", n+1)
		}
	}
	t.Logf("%d backups of a batch that was decided and not through", decided)
	if decided < 3 {
		t.Errorf("%d backups were made of a batch that was decided and not through; want more", decided)
	}
}

// restoresWhole restores a backup, and tells what does not agree there: records, history,
// events, unique values, and the key of the last batch.
func (w *world) restoresWhole(to interface {
	storetest.Store
	backup.Target
}, file []byte, key string,
) {
	w.Helper()
	ctx := w.Context()
	if err := backup.Restore(ctx, bytes.NewReader(file), to, w.model, nil); err != nil {
		w.Fatal(err)
	}
	all := core.Query{First: -1, Deleted: true}
	accounts, err := to.Find(ctx, w.account, all)
	moves, movesErr := to.Find(ctx, w.move, all)
	_, done, stateErr := to.State(ctx, core.OnceOwner, key)
	_, entries, entriesErr := to.EntriesAfter(ctx, 0, 0)
	if err := errors.Join(err, movesErr, stateErr, entriesErr); err != nil {
		w.Fatal(err)
	}
	sum, versions, moved := int64(0), int64(len(moves)), false
	for _, r := range accounts {
		sum += r.Values["amount"].(int64)
		versions += r.Version
		if n := r.Values["moves"].(int64); n != int64(len(moves)) || r.Version != n+1 {
			w.Errorf("restored: account %s has %d moves in version %d; want %d", r.ID, n, r.Version, len(moves))
		}
	}
	for _, r := range moves {
		moved = moved || r.Values["number"] == key
	}
	if len(accounts) != 3 || sum != 3000 || entries != versions || moved != (done != 0) {
		w.Errorf("restored: %d accounts with %d, %d versions with %d entries, the last move %v with version %d of its key", len(accounts), sum, versions, entries, moved, done)
	}
	again := w.creation(w.move, map[string]any{"number": key, "amount": int64(0)})
	if err := to.Commit(ctx, w.move, []core.Change{again})[0]; moved != (core.CodeOf(err) == core.Conflict) || !moved && err != nil {
		w.Errorf("restored: a number that is taken is %v, and writing it says %v", moved, err)
	}
}
