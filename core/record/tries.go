package record

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/openxrm/xrm/core"
)

// tries are attempts that may leave something in a store which needs several writes for
// them. A timer ends them if the process dies.
type tries struct {
	*Session
	intent
	timer string
}

func (s *Session) newTries() *tries { return &tries{Session: s, intent: intent{Actor: s.Actor}} }

// add notes an attempt.
func (t *tries) add(id string, records ...member) {
	t.Batches, t.Records = append(t.Batches, id), append(t.Records, records...)
}

// remember sets the timer, or puts it off. It comes before the attempts.
func (t *tries) remember(ctx context.Context) error {
	if t.Timers == nil || t.Store.Joined() || len(t.Batches) == 0 {
		return nil
	}
	if t.timer == "" {
		t.timer = "batch " + rand.Text()
	}
	payload, err := json.Marshal(t.intent)
	if err != nil {
		return fmt.Errorf("keep what is to be done: %w", err)
	}
	return t.Timers.Schedule(ctx, core.Timer{Plugin: TimerOwner, Key: t.timer, DueAt: t.Now().Add(lookLater), Payload: payload})
}

// end makes sure that all that is decided is applied. Where it cannot be, the timer has to
// stay, which goes on with it and shows it.
func (t *tries) end(ctx context.Context) error {
	if t.timer == "" {
		return nil
	}
	for _, id := range t.Batches {
		if err := t.Store.EndBatch(context.WithoutCancel(ctx), id); err != nil {
			return err
		}
	}
	return nil
}

// forget gives up the timer.
func (t *tries) forget(ctx context.Context) {
	if t.timer != "" {
		_, _ = t.Timers.Cancel(context.WithoutCancel(ctx), TimerOwner, t.timer) // or it fires, and finds nothing to do
	}
}
