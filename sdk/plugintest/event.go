package plugintest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Event is something that has happened: a change, or what the plugin has
// published.
type Event struct {
	ID       string
	Topic    string // "order.created", "complaints.escalated"
	Key      string
	Entity   string // of a change: the stored one, party for a customer
	RecordID string // of a change
	Changes  []sdk.FieldChange
	Payload  any // of what was published, a whole number as int64
}

// DeadLetter is an event that the plugin has given up, and why.
type DeadLetter struct {
	Event  Event
	Reason string
}

// Events returns what has happened so far and fits a topic, as in sdk.On,
// oldest first, whether or not the plugin subscribes to it.
func (h *Host) Events(topic string) []Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	var fitting []Event
	for _, e := range h.events {
		if naming.TopicFits(topic, e.GetTopic(), e.GetRoles()) {
			fitting = append(fitting, decodeEvent(e))
		}
	}
	return fitting
}

// DeadLetters returns the events that the plugin has given up, oldest first.
func (h *Host) DeadLetters() []DeadLetter {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.dead)
}

// happened tells that a record has changed.
func (h *Host) happened(who author, before, after *stored) {
	switch {
	case before == nil:
		h.changed(who, "created", &stored{entity: after.entity}, after)
	case !after.deletedAt.IsZero():
		h.changed(who, "deleted", before, after)
	default:
		h.changed(who, "updated", before, after)
	}
}

func (h *Host) changed(who author, action string, before, after *stored) {
	entity := after.entity.Name
	key := entity + "/" + after.id
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tell(&pluginpb.Event{
		Id: fmt.Sprintf("%s/%d", key, after.version), Topic: entity + "." + action, Key: key, Sequence: after.version,
		At: schema.Instant(after.updatedAt), User: who.user, Via: who.via,
		Entity: entity, RecordId: after.id, Action: action, Roles: union(before.roles(), after.roles()),
		Changes: changes(before.values, after.values),
	})
}

// published tells what the plugin publishes.
func (h *Host) published(who author, topic string, r *pluginpb.PublishRequest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := int64(len(h.events)) + 1
	h.tell(&pluginpb.Event{
		Id: fmt.Sprintf("%s/%d", topic, n), Topic: topic, Key: r.GetKey(), Sequence: n,
		At: schema.Instant(h.now), User: who.user, Via: who.via, Payload: r.GetPayload(),
	})
}

// tell keeps an event, and queues it if the plugin subscribes to it. The
// caller holds the lock.
func (h *Host) tell(e *pluginpb.Event) {
	h.events = append(h.events, e)
	if slices.ContainsFunc(h.description.GetSubscriptions(), func(topic string) bool { return naming.TopicFits(topic, e.GetTopic(), e.GetRoles()) }) {
		h.queue = append(h.queue, &delivery{event: e, due: h.now})
	}
}

func union(a, b []any) []string {
	var names []string
	for _, name := range slices.Concat(a, b) {
		names = append(names, name.(string))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// changes compares values, going into objects but not into lists, sorted by
// path.
func changes(before, after map[string]any) []*pluginpb.FieldChange {
	from, to := map[string]any{}, map[string]any{}
	flatten(from, "", before)
	flatten(to, "", after)
	var all []*pluginpb.FieldChange
	for path, value := range from {
		if !reflect.DeepEqual(value, to[path]) {
			all = append(all, &pluginpb.FieldChange{Path: path, From: encode(value), To: optional(to[path])})
		}
	}
	for path, value := range to {
		if from[path] == nil {
			all = append(all, &pluginpb.FieldChange{Path: path, To: encode(value)})
		}
	}
	slices.SortFunc(all, func(a, b *pluginpb.FieldChange) int { return cmp.Compare(a.GetPath(), b.GetPath()) })
	return all
}

func flatten(flat map[string]any, prefix string, values map[string]any) {
	for name, value := range values {
		if object, is := value.(map[string]any); is {
			flatten(flat, prefix+name+".", object)
		} else {
			flat[prefix+name] = value
		}
	}
}

// optional is empty for no value.
func optional(value any) []byte {
	if value == nil {
		return nil
	}
	return encode(value)
}

func decodeEvent(e *pluginpb.Event) Event {
	event := Event{ID: e.GetId(), Topic: e.GetTopic(), Key: e.GetKey(), Entity: e.GetEntity(), RecordID: e.GetRecordId(), Payload: decodeOptional(e.GetPayload())}
	for _, c := range e.GetChanges() {
		event.Changes = append(event.Changes, sdk.FieldChange{Path: c.GetPath(), From: decodeOptional(c.GetFrom()), To: decodeOptional(c.GetTo())})
	}
	return event
}

// decodeOptional returns nil for nothing.
func decodeOptional(value []byte) any {
	if len(value) == 0 {
		return nil
	}
	decoded, err := pluginpb.DecodeAny(value)
	if err != nil {
		panic(err) // it was encoded here, or by the sdk
	}
	return decoded
}

// delivery is an event on its way to the plugin.
type delivery struct {
	event    *pluginpb.Event
	due      time.Time
	attempts int // that have failed
}
