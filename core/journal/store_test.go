package journal_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
)

const definition = `
entity: thing
fields:
  name: {type: text}
`

func TestRelayMovesWhatARealStoreCommits(t *testing.T) {
	m, err := schema.Load(schema.Source{File: "thing.yaml", Data: []byte(definition)})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	r := &journal.Relay{Store: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Every: time.Hour}
	var relay sync.WaitGroup
	relay.Go(func() { r.Run(ctx) })

	thing := m.Entity("thing")
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	for i := range 300 {
		after := &core.Record{Entity: "thing", ID: fmt.Sprint("r", i), Version: 1, CreatedAt: at, UpdatedAt: at, Values: map[string]any{"name": "Ada"}}
		if err := s.Commit(t.Context(), thing, []core.Change{{At: at, Action: core.Created, After: after}})[0]; err != nil {
			t.Fatal(err)
		}
		r.Nudge()
	}
	stop()
	relay.Wait()
	if err := r.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := storetest.Pending(t.Context(), s, 10); err != nil || len(left) > 0 {
		t.Errorf("pending: %v, %v; want none", left, err)
	}
	for i := range 300 {
		if entries, err := s.History(t.Context(), thing, fmt.Sprint("r", i), 10, 0); err != nil || len(entries) != 1 {
			t.Fatalf("history of r%d: %d entries, %v; want one", i, len(entries), err)
		}
	}
}
