package plugintest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openxrm/xrm/sdk/contract/kept"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Broadcast is what the plugin has broadcast.
type Broadcast struct {
	Topic string
	Value any // a whole number as int64
}

// Broadcasts returns what the plugin has broadcast so far, oldest first, whether or not
// anybody listened.
func (h *Host) Broadcasts() []Broadcast {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.broadcasts)
}

// Broadcast tells a value to the handlers of the plugin that listen to a topic, as its
// process on another instance does. It waits until one listens, so a test that follows
// a subscription calls it in a goroutine of its own.
func (h *Host) Broadcast(topic string, value any) {
	h.AwaitListener(topic)
	encoded, err := pluginpb.EncodeAny(value)
	if err == nil {
		err = kept.CheckBroadcast(topic, encoded)
	}
	if err == nil {
		err = h.say(&pluginpb.HearRequest{Heard: []*pluginpb.Heard{{Topic: topic, Value: encoded}}})
	}
	if err != nil {
		h.t.Errorf("broadcast on %s: %v", topic, err)
	}
}

// MissBroadcasts tells all that listen that something was missed, as an instance does
// that did not keep up.
func (h *Host) MissBroadcasts() {
	if err := h.say(&pluginpb.HearRequest{Missed: true}); err != nil {
		h.t.Errorf("tell that broadcasts were missed: %v", err)
	}
}

// AwaitListener returns when a handler of the plugin listens to a topic; after half a
// minute without one the test has failed.
func (h *Host) AwaitListener(topic string) {
	late := time.After(patience)
	for {
		h.mu.Lock()
		listens, changed := h.listens(topic), h.listened
		h.mu.Unlock()
		if listens {
			return
		}
		select {
		case <-changed:
		case <-h.t.Context().Done():
			return
		case <-late:
			h.t.Errorf("no handler listens to %s", topic)
			return
		}
	}
}

// listens says whether a call does that runs. The caller holds the lock.
func (h *Host) listens(topic string) bool {
	for token := range maps.Keys(h.running) {
		if slices.Contains(h.topics[token], topic) {
			return true
		}
	}
	return false
}

// say tells one thing after the other.
func (h *Host) say(what *pluginpb.HearRequest) error {
	h.telling.Lock()
	defer h.telling.Unlock()
	_, err := h.plugin.Hear(context.WithoutCancel(h.t.Context()), what)
	if err != nil {
		return fmt.Errorf("the plugin does not hear: %w", err)
	}
	return nil
}

func (c *callbacks) Broadcast(_ context.Context, r *pluginpb.BroadcastRequest) (*pluginpb.BroadcastResponse, error) {
	_, err := c.writer(r.GetContext(), "broadcast on "+r.GetTopic())
	if err == nil {
		err = kept.CheckBroadcast(r.GetTopic(), r.GetValue())
	}
	if err != nil {
		return &pluginpb.BroadcastResponse{Error: toWire(err)}, nil
	}
	value, err := pluginpb.DecodeAny(r.GetValue())
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.broadcasts = append(c.broadcasts, Broadcast{r.GetTopic(), value})
	listens := c.listens(r.GetTopic())
	c.mu.Unlock()
	if !listens {
		return &pluginpb.BroadcastResponse{}, nil
	}
	return &pluginpb.BroadcastResponse{}, c.say(&pluginpb.HearRequest{Heard: []*pluginpb.Heard{{Topic: r.GetTopic(), Value: r.GetValue()}}})
}

func (c *callbacks) Listen(_ context.Context, r *pluginpb.ListenRequest) (*pluginpb.ListenResponse, error) {
	_, err := c.within(r.GetContext())
	if err == nil {
		err = kept.CheckTopic(r.GetTopic())
	}
	if err != nil {
		return &pluginpb.ListenResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	token := r.GetContext().GetToken()
	c.topics[token] = append(c.topics[token], r.GetTopic())
	close(c.listened)
	c.listened = make(chan struct{})
	return &pluginpb.ListenResponse{}, nil
}
