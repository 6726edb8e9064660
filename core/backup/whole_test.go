package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/backup"
	"github.com/openxrm/xrm/core/journal"
)

// TestABackupHasABatchWholeThatIsWrittenWhileTheRelayLooks has a relay that has just passed
// one record of a batch when the batch is made, and so finds the other one alone.
func TestABackupHasABatchWholeThatIsWrittenWhileTheRelayLooks(t *testing.T) {
	t.Parallel()
	db := kinds()["MongoDB"](t)
	m := model(t, definitions)
	must(t, db.Prepare(t.Context(), m))
	must(t, db.Subscribe(t.Context(), core.Subscription{Subscriber: "all", Topics: []string{"thing.*"}}))
	thing := m.Entity("thing")
	made := 0
	batch := func(ctx context.Context) error {
		made++
		b := core.Batch{ID: fmt.Sprintf("b%d", made), Once: core.Once{Key: fmt.Sprintf("k%d", made), Result: []byte("x"), Keep: time.Hour}}
		for _, side := range []string{"a", "b"} {
			c := change(nil, core.Created, "thing", fmt.Sprintf("%s%d", side, made), map[string]any{"name": b.ID})
			b.Steps = append(b.Steps, core.Step{Entity: thing, Change: c})
		}
		return errors.Join(db.CommitAll(ctx, b)...)
	}
	relay := &journal.Relay{Store: db}
	o := backup.Options{Version: "v1", Store: "test", Now: time.Now, Drain: func(ctx context.Context) error {
		if err := errors.Join(relay.Drain(ctx), batch(ctx)); err != nil {
			return err
		}
		for entries, err := range db.Pending(ctx, 1) {
			return errors.Join(err, db.Enqueue(ctx, journal.Deliveries([]core.Subscription{{Subscriber: "all", Topics: []string{"thing.*"}}}, entries[0].Event())), db.Append(ctx, entries[:1]))
		}
		return errors.New("the batch has no entries")
	}}
	must(t, batch(t.Context()))
	var file bytes.Buffer
	contents, err := backup.Write(t.Context(), &file, db, o)
	must(t, err)

	for name, open := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := open(t)
			restore(t, file.Bytes(), to, m)
			found, err := to.Find(t.Context(), thing, core.Query{First: -1})
			must(t, err)
			records := map[any]int{}
			for _, r := range found {
				records[r.Values["name"]]++
			}
			if records["b1"] != 2 {
				t.Errorf("of the batch before the backup there are %d records; want 2", records["b1"])
			}
			for n := range made {
				name, want := fmt.Sprintf("b%d", n+1), 1
				if records[name] == 0 {
					want = 0
				}
				if records[name] != 2*want {
					t.Errorf("of batch %s there are %d records; want 2 or none", name, records[name])
				}
				_, version, err := to.State(t.Context(), core.OnceOwner, fmt.Sprintf("k%d", n+1))
				if err != nil || (version != 0) != (want == 1) {
					t.Errorf("the key of batch %s with %d records has version %d, %v; want one where there are records, and 0 otherwise", name, records[name], version, err)
				}
			}
			due, err := to.Deliverable(t.Context(), "all", time.Now().Add(time.Hour), 1000)
			if err != nil || len(due) != len(found) || int(contents.Position) != len(found) {
				t.Errorf("%d records have %d events, %v, and the journal %d entries; want one for each", len(found), len(due), err, contents.Position)
			}
		})
	}
}
