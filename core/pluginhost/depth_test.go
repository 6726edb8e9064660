package pluginhost_test

import (
	"context"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// circle answers a save with the call that wanted it.
type circle struct {
	session
	again func(context.Context) error
}

func (c circle) Save(ctx context.Context, _ *schema.Entity, _ []record.Draft, _ bool) []record.Result {
	c.mu.Lock()
	c.finds++ // as a count of the rounds
	c.mu.Unlock()
	return []record.Result{{Err: c.again(ctx)}}
}

func TestCallsThatCauseEachOtherEnd(t *testing.T) {
	t.Parallel()
	rounds := &memory{}
	var again func(context.Context) error
	h := serving(t, "good", pluginhost.Config{Open: func(a core.Actor, m record.Basis) pluginhost.Session {
		return circle{session{rounds, a}, func(ctx context.Context) error { return again(ctx) }}
	}})
	m, closing := model(t), operation(t, h, "closeTicket")
	again = func(ctx context.Context) error {
		_, err := h.Call(ctx, record.Basis{Model: m}, agent, closing, map[string]any{"id": "t1", "by": "phone"}, record.Key{})
		return err
	}
	err := again(t.Context())
	const want = "INTERNAL The plugin good made a mistake; the details are in the server's log"
	if got := told(err); got != want || rounds.finds != 5 {
		t.Errorf("after %d rounds: %s; want 5 rounds and %s", rounds.finds, got, want)
	}
}
