package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/sdk/contract/kept"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// hearPatience is how long a plugin may take to hear something: it must not wait for
// those who listen.
const hearPatience = 2 * time.Second

// heardAtOnce is more than anybody who does not read takes.
const heardAtOnce = 2000

// hears follows every subscription, and tells those that listen more than they take.
func hears(ctx context.Context, b *bench) error {
	l, d, err := b.described(ctx)
	if err != nil {
		return err
	}
	following, cancel := context.WithTimeout(ctx, hearPatience+beginPatience)
	defer cancel()
	for _, o := range d.GetOperations() {
		if o.GetKind() == pluginpb.Operation_SUBSCRIPTION {
			go func() {
				_, _ = b.call(following, l, handler{"subscription", o.GetName(), askSubscription(o, objectsOf(d))})
			}()
		}
	}
	select {
	case <-time.After(beginPatience):
	case <-ctx.Done():
		return ctx.Err()
	}
	topics := b.host.listenedTo()
	if len(topics) == 0 {
		return inapplicable("no subscription of the plugin listens to broadcasts")
	}
	hearing, cancel := context.WithTimeout(ctx, hearPatience)
	defer cancel()
	say := &pluginpb.HearRequest{}
	for n := range heardAtOnce {
		say.Heard = append(say.Heard, &pluginpb.Heard{Topic: topics[n%len(topics)], Value: []byte("null")})
	}
	for _, what := range []*pluginpb.HearRequest{say, {Missed: true}} {
		switch _, err := l.plugin.Hear(hearing, what); {
		case hearing.Err() != nil:
			return fmt.Errorf("%d broadcasts on %q were not heard within %s", heardAtOnce, topics[0], hearPatience)
		case err != nil:
			return fmt.Errorf("it listens to %q, and Hear fails: %w", topics[0], err)
		}
	}
	if l.process.endsWithin(0) {
		return errors.New("the process ended when it heard")
	}
	return nil
}

// listenedTo lists what the plugin has ever listened to.
func (h *host) listenedTo() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.topics)
}

// Broadcast implements pluginpb.HostServer: nobody is told.
func (h *host) Broadcast(ctx context.Context, r *pluginpb.BroadcastRequest) (*pluginpb.BroadcastResponse, error) {
	refused := h.within(ctx, "Broadcast "+r.GetTopic(), r.GetContext())
	if refused == nil {
		refused = h.refuse("Broadcast "+r.GetTopic(), kept.CheckBroadcast(r.GetTopic(), r.GetValue()))
	}
	return &pluginpb.BroadcastResponse{Error: refused}, nil
}

// Listen implements pluginpb.HostServer.
func (h *host) Listen(ctx context.Context, r *pluginpb.ListenRequest) (*pluginpb.ListenResponse, error) {
	refused := h.within(ctx, "Listen "+r.GetTopic(), r.GetContext())
	if refused == nil {
		refused = h.refuse("Listen "+r.GetTopic(), kept.CheckTopic(r.GetTopic()))
	}
	if refused == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.topics = append(h.topics, r.GetTopic())
	}
	return &pluginpb.ListenResponse{Error: refused}, nil
}
