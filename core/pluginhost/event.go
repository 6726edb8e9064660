package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Deliver hands events to a plugin, and returns a receipt for each, in order. Its
// error says that the plugin could not be reached, or did not answer to the end;
// then there are receipts for the events before the one that it failed over.
func (h *Host) Deliver(ctx context.Context, on record.Basis, plugin string, events []core.Event) ([]core.Receipt, error) {
	one := &call{plugin: plugin, method: "events", actor: core.PluginActor(plugin), on: on, mayWrite: true}
	session := h.config.Open(one.actor, on)
	request := &pluginpb.DeliverRequest{}
	events, err := told(ctx, on.Model, session, events)
	if err == nil {
		err = h.sayWhoStays(ctx, on, events)
	}
	if err != nil {
		return nil, fmt.Errorf("deliver %d events to %s: %w", len(events), plugin, err)
	}
	for _, e := range events {
		encoded, err := encodeEvent(e)
		if err != nil {
			return nil, fmt.Errorf("deliver %s to %s: %w", e.ID, plugin, err)
		}
		request.Events = append(request.Events, encoded)
	}
	var receipts []core.Receipt
	asked := false
	err = h.ask(ctx, one, h.config.EventTimeout, func(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		asked = true
		request.Context = id
		answer, err := client.Deliver(ctx, request)
		if err != nil {
			return err
		}
		answered, err := contract.Receipts(answer, len(events))
		if n := len(answered); n > len(events) || n < len(events) && err == nil {
			return h.nonsense(one, "gave %d receipts for %d events", n, len(events))
		}
		for _, r := range answered {
			received := receipt(r)
			received.Reason = cut(h.secrets.redact(received.Reason), maxLine)
			receipts = append(receipts, received)
		}
		return err
	})
	if err != nil && asked && !errors.Is(err, errUnsent) && ctx.Err() == nil {
		err = fmt.Errorf("%w: %w", core.ErrDied, err)
	}
	return receipts, err
}

func receipt(r *pluginpb.Receipt) core.Receipt {
	known := core.Receipt{Verdict: core.Retry, Reason: r.GetReason(), After: time.Duration(r.GetRetryAfterMs()) * time.Millisecond}
	switch r.GetOutcome() {
	case pluginpb.Receipt_ACK:
		return core.Receipt{Verdict: core.Acked}
	case pluginpb.Receipt_DEAD:
		known.Verdict = core.Dead
	case pluginpb.Receipt_RETRY:
	default:
		known.Reason = fmt.Sprintf("the plugin answered with the outcome %d, which there is not", r.GetOutcome())
	}
	return known
}

// told are the events as a plugin may know them: without the changes that it
// may not see, and those of an entity whose plugin has gone.
func told(ctx context.Context, m *schema.Model, s Session, events []core.Event) ([]core.Event, error) {
	known := slices.Clone(events)
	of := map[string][]int{} // by entity
	for i, e := range events {
		if e.Entry != nil {
			of[e.Entry.Entity] = append(of[e.Entry.Entity], i)
		}
	}
	for name, indexes := range of {
		entries := make([]core.Entry, len(indexes))
		for n, i := range indexes {
			entries[n] = *events[i].Entry
		}
		if entity := m.Entity(name); entity != nil {
			var err error
			if entries, err = s.Told(ctx, entity, entries); err != nil {
				return events, err
			}
		} else {
			for n := range entries {
				entries[n].Diffs = nil
			}
		}
		for n, i := range indexes {
			known[i].Entry = &entries[n]
		}
	}
	return known, nil
}

func encodeEvent(e core.Event) (*pluginpb.Event, error) {
	encoded := &pluginpb.Event{
		Id: e.ID, Topic: e.Topic, Key: e.Key, Sequence: e.Seq, At: instant(e.At),
		User: encodeUser(e.Actor), Via: e.Actor.Via, Payload: e.Payload,
	}
	if e.Entry == nil {
		return encoded, nil
	}
	encoded.Entity, encoded.RecordId, encoded.Action, encoded.Roles = e.Entry.Entity, e.Entry.RecordID, string(e.Entry.Action), e.Entry.Roles
	for _, d := range e.Entry.Diffs {
		change := &pluginpb.FieldChange{Path: d.Path}
		var err error
		if change.From, err = encodeOptional(d.From); err == nil {
			change.To, err = encodeOptional(d.To)
		}
		if err != nil {
			return nil, err
		}
		encoded.Changes = append(encoded.Changes, change)
	}
	return encoded, nil
}

// encodeOptional writes nothing for nil.
func encodeOptional(value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	return pluginpb.EncodeAny(value)
}

// encodeUser returns nil for a plugin that acts for itself.
func encodeUser(a core.Actor) *pluginpb.User {
	if a.ID == "" || a.IsPlugin() {
		return nil
	}
	return &pluginpb.User{Id: a.ID, Name: a.Name, Roles: a.Roles, Party: a.Party}
}
