package plugintest

import (
	"errors"
	"slices"
	"time"

	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

const (
	maxBatch    = 100 // events in one call
	maxAttempts = 12  // until an event is dead
	maxRounds   = 200 // of events that cause events
)

// Deliver hands the plugin the events that it subscribes to and has not had
// yet, and those that this causes, until none is left. One that has to come
// again does so when Advance has moved the clock. Records that were made by Add
// have always been there, and make no events.
func (h *Host) Deliver() {
	h.t.Helper()
	h.needConfiguration()
	for range maxRounds {
		batch := h.deliverable()
		if len(batch) == 0 {
			return
		}
		receipts, err := h.hand(batch)
		if err != nil {
			h.t.Fatalf("deliver events to the plugin: %v", err)
		}
		h.settle(batch, receipts)
	}
	h.t.Fatal("the plugin answers events with ever more events")
}

// Redeliver hands the plugin an event once more, as happens when a server dies
// before it has noted that the event was handled. The error is that of the
// handler.
func (h *Host) Redeliver(e Event) error {
	h.t.Helper()
	h.needConfiguration()
	happened := h.event(e.ID)
	if happened == nil {
		h.t.Fatalf("there was no event %q; take one from Events", e.ID)
	}
	receipts, err := h.hand([]*delivery{{event: happened}})
	if err != nil {
		h.t.Fatalf("deliver an event to the plugin: %v", err)
	}
	if receipts[0].GetOutcome() != pluginpb.Receipt_ACK {
		return errors.New(receipts[0].GetReason())
	}
	return nil
}

// event returns what has happened, or nil.
func (h *Host) event(id string) *pluginpb.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e.GetId() == id {
			return e
		}
	}
	return nil
}

// deliverable returns what is due, behind nothing of its key that is not.
func (h *Host) deliverable() []*delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	blocked := map[string]bool{}
	var batch []*delivery
	for _, d := range h.queue {
		key := d.event.GetKey()
		if d.due.After(h.now) || key != "" && blocked[key] {
			blocked[key] = true
		} else if len(batch) < maxBatch {
			batch = append(batch, d)
		}
	}
	return batch
}

func (h *Host) hand(batch []*delivery) ([]*pluginpb.Receipt, error) {
	id, end := h.begin(nil, true)
	defer end()
	request := &pluginpb.DeliverRequest{Context: id}
	for _, d := range batch {
		event := proto.CloneOf(d.event)
		event.Attempt = int32(d.attempts) + 1
		request.Events = append(request.Events, event)
	}
	answer, err := h.plugin.Deliver(h.t.Context(), request)
	if err != nil {
		return nil, err
	}
	return contract.Receipts(answer, len(batch))
}

// settle does what the receipts say. What waited for an earlier event of its
// key has not been tried.
func (h *Host) settle(batch []*delivery, receipts []*pluginpb.Receipt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	waiting := map[string]bool{}
	for i, d := range batch {
		key := d.event.GetKey()
		if key != "" && waiting[key] {
			continue
		}
		receipt := receipts[i]
		outcome := receipt.GetOutcome()
		if outcome != pluginpb.Receipt_ACK {
			h.t.Logf("the plugin did not handle the event %s: %s", d.event.GetId(), receipt.GetReason())
		}
		d.attempts++
		if outcome == pluginpb.Receipt_RETRY && d.attempts < maxAttempts {
			waiting[key] = true
			d.due = h.now.Add(max(pause(d.attempts), time.Duration(receipt.GetRetryAfterMs())*time.Millisecond))
			continue
		}
		if outcome != pluginpb.Receipt_ACK {
			h.dead = append(h.dead, DeadLetter{decodeEvent(d.event), receipt.GetReason()})
		}
		h.queue = slices.DeleteFunc(h.queue, func(other *delivery) bool { return other == d })
	}
}

// pause is how long to wait after so many failures: a second, two, four, at
// most ten minutes.
func pause(failures int) time.Duration {
	return min(time.Second<<(failures-1), 10*time.Minute)
}
