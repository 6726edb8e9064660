package journal

import (
	"context"
	"log/slog"
	"time"

	"github.com/openxrm/xrm/core"
)

// settle does what the receipts say, and returns the events that need not be
// delivered any more. If it dies halfway, some are delivered again.
//
// What comes behind a retry in its key is left as it is, whatever its verdict:
// it comes again after the one that it must not overtake.
func (f *feed) settle(ctx context.Context, batch []core.Delivery, receipts []core.Receipt) ([]string, error) {
	var acked []string
	var failed []int
	waits := map[string]bool{} // by key
	for i, d := range batch {
		switch {
		case waits[d.Event.Key]:
		case receipts[i].Verdict == core.Acked:
			acked = append(acked, d.Event.ID)
		default:
			failed = append(failed, i)
			waits[d.Event.Key] = !f.hopeless(d, receipts[i])
		}
	}
	ended := acked
	if len(acked) > 0 {
		if err := f.Queue.Ack(ctx, f.subscriber, acked); err != nil {
			return nil, fault("acknowledge events", err)
		}
	}
	for _, i := range failed {
		d, v := batch[i], receipts[i]
		if !f.hopeless(d, v) {
			if err := f.postpone(ctx, d, v); err != nil {
				return nil, err
			}
			continue
		}
		if err := f.Queue.Bury(ctx, f.subscriber, d.Event.ID, v.Reason, time.Now()); err != nil {
			return nil, fault("give an event up", err)
		}
		f.Log.Warn("An event is a dead letter; replay or discard it.", "subscriber", f.subscriber, "event", d.Event.ID, "topic", d.Event.Topic, "attempts", d.Attempts+1, "reason", v.Reason)
		ended = append(ended, d.Event.ID)
	}
	return ended, nil
}

// hopeless says whether a failed event is given up.
func (f *feed) hopeless(d core.Delivery, v core.Receipt) bool {
	return v.Verdict == core.Dead || d.Attempts+1 >= f.limits.Attempts
}

func (f *feed) postpone(ctx context.Context, d core.Delivery, v core.Receipt) error {
	after := v.After
	if after <= 0 {
		after = f.limits.retryAfter(d.Attempts + 1)
	}
	level := slog.LevelWarn
	if d.Attempts > 0 { // and it has been said
		level = slog.LevelDebug
	}
	f.Log.Log(ctx, level, "An event was not handled; it comes again.", "subscriber", f.subscriber, "event", d.Event.ID, "topic", d.Event.Topic,
		"attempts", d.Attempts+1, "after", after.Round(time.Millisecond), "reason", v.Reason)
	return fault("postpone an event", f.Queue.Postpone(ctx, f.subscriber, d.Event.ID, d.Attempts+1, time.Now().Add(after), v.Reason))
}
