package mongo

import (
	"context"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Whoever does not hear that a batch is decided finds it gone, because a reader has
// applied it. It must not be told that it was not made, or it makes it once more.
func TestABatchWhoseDecisionIsNotHeardIsNotTakenForOneThatWasGivenUp(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	w := newWorld(t, s)
	b := w.moving(s, "")
	ctx, lose := context.WithCancel(t.Context())
	defer lose()
	decides := func(e *event.CommandStartedEvent) bool {
		return e.CommandName == "update" && e.Command.Lookup("update").StringValue() == batchesCollection && strings.Contains(e.Command.String(), decidedState)
	}
	client, err := driver.Connect(options.Client().ApplyURI(mongotest.Server(t)).SetMonitor(&event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		if ctx.Err() != nil || !decides(e) {
			return
		}
		if decided, err := s.decide(t.Context(), b.ID); !decided || err != nil {
			t.Errorf("decide: %v, %v", decided, err)
		}
		w.find(t.Context(), s, w.account, false) // who reads applies it
		lose()
	}}))
	if err != nil {
		t.Fatal(err)
	}
	owner := &Store{client: client, db: client.Database(s.db.Name()), collation: s.collation, timeout: s.timeout, patience: s.patience, farthest: s.farthest}
	if err := owner.Prepare(t.Context(), w.model); err != nil {
		t.Fatal(err)
	}
	for i, err := range owner.CommitAll(ctx, b) {
		if core.CodeOf(err) != core.Unavailable {
			t.Errorf("change %d: %v, want that it is UNAVAILABLE, since nobody knows", i+1, err)
		}
	}
	w.holds(s)
	if state, err := s.end(t.Context(), b.ID); state != "" || err != nil {
		t.Errorf("the batch is %q, %v; it should be gone", state, err)
	}
}
