package mongo

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
)

// The server may take its time: whoever leaves does not wait for it.
func TestWhoLeavesEndsAQueryThatTheServerDoesNotAnswer(t *testing.T) {
	door := newDoor(t, strings.TrimPrefix(mongotest.Server(t), "mongodb://"))
	s := open(t, "mongodb://"+door.address, patient)
	t.Cleanup(func() { s.Close() })
	m := model(t)
	e := m.Entity("thing")
	eventually(t, "Prepare", func() error { return s.Prepare(t.Context(), m) })
	questions := map[string]func(context.Context) error{
		"Find":  func(ctx context.Context) error { _, err := s.Find(ctx, e, core.Query{First: -1}); return err },
		"Count": func(ctx context.Context) error { _, err := s.Count(ctx, e, core.Query{}, 10); return err },
	}
	for what, ask := range questions {
		if err := ask(t.Context()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	door.Mute()
	for what, ask := range questions {
		ctx, leave := context.WithCancel(t.Context())
		go leave()
		if err := ask(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s ends with %v, want it to because of %v", what, err, context.Canceled)
		}
	}
}
