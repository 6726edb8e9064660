package mongo

import (
	"errors"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
)

// A batch is decided, and the index has the old values still: whoever writes one of them
// waits until the batch is applied, and is not told that it is taken.
func TestAValueThatADecidedBatchGivesUpIsWaitedFor(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	w := newWorld(t, s)
	b := w.moving(s, "k") // the second account gives up c1
	decideOnly(t, s, b)
	c := w.creation(w.account, map[string]any{"code": "c1", "amount": int64(0), "moves": int64(1)})
	err := s.Commit(t.Context(), w.account, []core.Change{c})[0]
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Violations[0].Rule == "unique" {
		t.Errorf("the value that is being given up: %v; want that it is to be tried again", err)
	}
	must(t, s.Commit(t.Context(), w.account, []core.Change{c})[0])
	kept := w.creation(w.account, map[string]any{"code": "c2"})
	if err := s.Commit(t.Context(), w.account, []core.Change{kept})[0]; err == nil || !strings.Contains(err.Error(), "has this value already") {
		t.Errorf("a value that is kept: %v; want that it is taken", err)
	}
}

// decideOnly begins a batch and decides it. What it is to change waits to be changed.
func decideOnly(t *testing.T, s *Store, b core.Batch) {
	t.Helper()
	d := batchDocument{ID: b.ID, State: pendingState}
	for _, one := range b.Steps {
		step, err := s.step(t.Context(), b, one, s.keeping(one.Entity))
		must(t, err)
		d.Steps = append(d.Steps, step)
	}
	must(t, s.begin(t.Context(), d))
	for i, one := range b.Steps {
		_, err := s.mark(t.Context(), b.ID, d.Steps[i], one)
		must(t, err)
	}
	if decided, err := s.decide(t.Context(), b.ID); !decided || err != nil {
		t.Fatal(decided, err)
	}
}
