package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// EventFunc handles one event. nil means that it is done. An error made by
// DeadLetter puts it aside for an admin, one made by RetryAfter has it come
// again then, any other has it come again later and later: after a second, two,
// four, at most ten minutes, and a dozen times in all.
//
// An event comes at least once. What must not happen twice is written with
// Upsert under a unique value made of e.ID, with UpdateIf under a guard, or with Batch
// under the key e.ID.
// While an event waits to come again, those of the same key wait behind it.
type EventFunc func(ctx context.Context, host Host, e *Event) error

// Subscription is a topic and what the plugin does about its events. It is
// made by On.
type Subscription struct {
	topic  string
	handle EventFunc
}

// On subscribes to a topic: "order.created", "customer.*", or what another
// plugin publishes: "complaints.escalated". The actions of a record are created,
// updated, deleted, restored, merged and erased; xrm does not serve a plugin that
// waits for any other of an entity that it has. Each event is handled by the first
// subscription that fits it.
//
// Nobody has caused the call: the handler's Host acts for the plugin itself.
func On(topic string, handle EventFunc) Subscription {
	return Subscription{topic: topic, handle: handle}
}

// Event is something that has happened.
type Event struct {
	ID       string // the same whenever the event comes
	Topic    string // "order.created"
	Key      string // events of one key come in order
	Sequence int64  // grows within a key; of a change, the version of the record
	At       time.Time
	User     *User  // who did it; nil for nobody
	Via      string // the plugin through which it was done; "" for none
	Attempt  int    // 1 when it comes for the first time

	// Of a change to a record. The record itself may have changed again since:
	// read it with Host.Get, to which one that is deleted is CodeNotFound. Those turn to
	// another party, too, when theirs is merged.
	Entity   string // the stored one: party for a customer
	RecordID string
	Action   string   // created, updated, deleted, restored, merged, erased
	Roles    []string // of a party: those it held before or after
	Changes  []FieldChange

	payload []byte
}

// FieldChange says what happened to one field; nil stands for no value.
type FieldChange struct {
	Path     string // "state", "customer.segment"
	From, To any
}

// Payload reads what a plugin has published into a value.
func (e *Event) Payload(into any) error {
	if err := json.Unmarshal(e.payload, into); err != nil {
		return fmt.Errorf("read the payload of %s: %w", e.Topic, err)
	}
	return nil
}

// Changed says whether a field is among the changes.
func (e *Event) Changed(path string) bool {
	for _, c := range e.Changes {
		if c.Path == path {
			return true
		}
	}
	return false
}

type retryError struct {
	error
	after time.Duration
}

func (e retryError) Unwrap() error { return e.error }

// RetryAfter has the event come again, after this time at the earliest.
func RetryAfter(after time.Duration, err error) error { return retryError{err, after} }

type deadError struct{ error }

func (e deadError) Unwrap() error { return e.error }

// DeadLetter puts the event aside, for an admin to look at and to replay.
func DeadLetter(err error) error { return deadError{err} }

// Deliver handles one event after the other.
func (s *server) Deliver(r *pluginpb.DeliverRequest, stream pluginpb.Plugin_DeliverServer) error {
	waiting := map[string]bool{} // keys with an event that comes again
	for _, sent := range r.GetEvents() {
		receipt := &pluginpb.Receipt{Outcome: pluginpb.Receipt_RETRY, Reason: "an earlier event of its key comes again"}
		if sent.GetKey() == "" || !waiting[sent.GetKey()] {
			receipt = s.deliver(stream.Context(), r.GetContext(), sent)
			waiting[sent.GetKey()] = receipt.GetOutcome() == pluginpb.Receipt_RETRY
		}
		if err := stream.Send(&pluginpb.DeliverResponse{Receipts: []*pluginpb.Receipt{receipt}}); err != nil {
			return err // nobody waits for the rest
		}
	}
	return nil
}

func (s *server) deliver(ctx context.Context, call *pluginpb.CallContext, sent *pluginpb.Event) *pluginpb.Receipt {
	var failed error
	mistake := s.run(call, "handle "+sent.GetTopic(), func(host Host) error {
		failed = s.handle(ctx, host, sent)
		return failed
	})
	if mistake == nil {
		return &pluginpb.Receipt{Outcome: pluginpb.Receipt_ACK}
	}
	reason := mistake.GetCause() // of a panic
	if failed != nil {
		reason = failed.Error()
	}
	receipt := &pluginpb.Receipt{Outcome: pluginpb.Receipt_RETRY, Reason: strings.ToValidUTF8(reason, "\uFFFD")}
	var dead deadError
	var retry retryError
	switch {
	case errors.As(failed, &dead):
		receipt.Outcome = pluginpb.Receipt_DEAD
	case errors.As(failed, &retry):
		receipt.RetryAfterMs = retry.after.Milliseconds()
	}
	return receipt
}

// handle passes an event to the first subscription and to the first line of the
// timeline that fit it. There may be none: what an earlier version of the plugin
// has subscribed to still comes.
func (s *server) handle(ctx context.Context, host Host, sent *pluginpb.Event) error {
	e, err := eventFromWire(sent)
	if err != nil {
		return err
	}
	if err := s.plugin.PartyData.handle(ctx, host, e); err != nil {
		return err
	}
	for _, subscription := range s.plugin.Events {
		if naming.TopicFits(subscription.topic, sent.GetTopic(), sent.GetRoles()) {
			if err := subscription.handle(ctx, host, e); err != nil {
				return err
			}
			break
		}
	}
	for _, topic := range slices.Sorted(maps.Keys(s.plugin.Timeline)) {
		if naming.TopicFits(topic, sent.GetTopic(), sent.GetRoles()) {
			return s.enter(ctx, host, s.plugin.Timeline[topic], e)
		}
	}
	return nil
}

func eventFromWire(e *pluginpb.Event) (*Event, error) {
	event := &Event{
		ID: e.GetId(), Topic: e.GetTopic(), Key: e.GetKey(), Sequence: e.GetSequence(),
		At: instant(e.GetAt()), User: userFromWire(e.GetUser()), Via: e.GetVia(), Attempt: int(e.GetAttempt()),
		Entity: e.GetEntity(), RecordID: e.GetRecordId(), Action: e.GetAction(), Roles: e.GetRoles(), payload: e.GetPayload(),
	}
	for _, c := range e.GetChanges() {
		change := FieldChange{Path: c.GetPath()}
		var err error
		if change.From, err = decodeOptional(c.GetFrom()); err == nil {
			change.To, err = decodeOptional(c.GetTo())
		}
		if err != nil {
			return nil, err
		}
		event.Changes = append(event.Changes, change)
	}
	return event, nil
}

// decodeOptional returns nil for nothing.
func decodeOptional(value []byte) (any, error) {
	if len(value) == 0 {
		return nil, nil
	}
	return pluginpb.DecodeAny(value)
}
