package journal_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
)

func TestARelayThatWasSlowDoesNotBringBackWhatWasForgotten(t *testing.T) {
	m, err := schema.Load(schema.Source{File: "guest.yaml", Data: []byte("entity: guest\nfields:\n  name: {type: text, pii: true}\n")})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, guest := t.Context(), m.Entity("guest")
	must(s.Prepare(ctx, m))
	must(s.Subscribe(ctx, core.Subscription{Subscriber: "down", Topics: []string{"guest.*"}}))
	after := &core.Record{Entity: "guest", ID: "g1", Version: 1, Values: map[string]any{"name": "Zoe"}}
	must(s.Commit(ctx, guest, []core.Change{{Action: core.Created, After: after}})[0])

	held, err := storetest.Pending(ctx, s, 10) // by the slow one
	must(err)
	r := &journal.Relay{Store: s, Log: slog.New(slog.DiscardHandler)}
	must(r.Forget(ctx, guest, []string{"g1"}))
	must(s.Enqueue(ctx, []core.Delivery{{Subscriber: "down", Event: held[0].Event(), Due: time.Now()}}))
	must(s.Append(ctx, held))
	must(s.Settle(ctx, held))

	want := []core.Diff{{Path: "name"}}
	history, err := s.History(ctx, guest, "g1", 10, 0)
	must(err)
	if diff := cmp.Diff(want, history[0].Diffs); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	waiting, err := s.Deliverable(ctx, "down", time.Now(), 10)
	must(err)
	if len(waiting) != 1 {
		t.Fatalf("%d events wait, want 1", len(waiting))
	}
	if diff := cmp.Diff(want, waiting[0].Event.Entry.Diffs); diff != "" {
		t.Errorf("the event that waits (-want +got):\n%s", diff)
	}
}
