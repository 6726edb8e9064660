package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"sync"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Listen hears what Host.Broadcast tells on a topic, on whatever instance of xrm, after
// Listen has returned: so who listens first and reads then misses nothing. The sequence
// ends without an error when ctx ends. Who does not keep up, or whose instance did not,
// hears an error instead of silence; it may be returned as it is: who follows the
// subscription begins anew then.
//
//	func follow(ctx context.Context, host sdk.Host, in room, send func(message) error) error {
//		heard, err := sdk.Listen[message](ctx, host, "room/"+in.ID)
//		if err != nil {
//			return err
//		}
//		for m, err := range heard {
//			if err != nil {
//				return err
//			}
//			if err := send(m); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
func Listen[T any](ctx context.Context, host Host, topic string) (iter.Seq2[T, error], error) {
	heard, err := host.Listen(ctx, topic)
	if err != nil {
		return nil, err
	}
	return func(yield func(T, error) bool) {
		for raw, err := range heard {
			var value T
			if err == nil {
				if err = json.Unmarshal(raw, &value); err != nil {
					err = fmt.Errorf("read what was broadcast on %s: %w", topic, err)
				}
			}
			if !yield(value, err) {
				return
			}
		}
	}, nil
}

func (c caller) Broadcast(ctx context.Context, topic string, value any) error {
	encoded, err := pluginpb.EncodeAny(value)
	if err != nil {
		return fmt.Errorf("broadcast on %s: %w", topic, err)
	}
	answer, err := c.host.Broadcast(ctx, &pluginpb.BroadcastRequest{Context: c.context, Topic: topic, Value: encoded})
	if err != nil {
		return fmt.Errorf("broadcast on %s at the host: %w", topic, err)
	}
	return errorFromWire(answer.GetError())
}

func (c caller) Listen(ctx context.Context, topic string) (iter.Seq2[json.RawMessage, error], error) {
	l := c.ears.open(topic) // before the host knows, so that nothing comes too early
	answer, err := c.host.Listen(ctx, &pluginpb.ListenRequest{Context: c.context, Topic: topic})
	if err == nil {
		err = errorFromWire(answer.GetError())
	} else {
		err = fmt.Errorf("listen to %s at the host: %w", topic, err)
	}
	if err != nil {
		c.ears.close(l)
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.ears.close(l) })
	return func(yield func(json.RawMessage, error) bool) {
		defer func() { stop(); c.ears.close(l) }()
		for {
			select { // whoever has missed something hears that first
			case <-l.missed:
				yield(nil, errMissed(topic))
				return
			default:
			}
			select {
			case <-ctx.Done():
				return
			case <-l.missed:
			case value := <-l.values:
				if !yield(value, nil) {
					return
				}
			}
		}
	}, nil
}

func errMissed(topic string) error {
	return &Error{Code: CodeUnavailable, Message: fmt.Sprintf("Something that was told of %s was missed. Begin anew.", topic)}
}

// ear is one that listens.
type ear struct {
	topic  string
	values chan json.RawMessage
	missed chan struct{} // closed when something was
	deaf   bool          // missed is closed
}

// keepsUp is how much one that listens may leave lying.
const keepsUp = 256

// ears hand what the host says to all in this process who listen.
type ears struct {
	mu sync.Mutex
	on map[string]map[*ear]bool
}

func (e *ears) open(topic string) *ear {
	l := &ear{topic: topic, values: make(chan json.RawMessage, keepsUp), missed: make(chan struct{})}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.on == nil {
		e.on = map[string]map[*ear]bool{}
	}
	if e.on[topic] == nil {
		e.on[topic] = map[*ear]bool{}
	}
	e.on[topic][l] = true
	return l
}

func (e *ears) close(l *ear) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if delete(e.on[l.topic], l); len(e.on[l.topic]) == 0 {
		delete(e.on, l.topic)
	}
}

// lose is called with the lock.
func (l *ear) lose() {
	if !l.deaf {
		l.deaf = true
		close(l.missed)
	}
}

// Hear never waits for whoever listens.
func (s *server) Hear(_ context.Context, r *pluginpb.HearRequest) (*pluginpb.HearResponse, error) {
	s.ears.mu.Lock()
	defer s.ears.mu.Unlock()
	if r.GetMissed() {
		for _, all := range s.ears.on {
			for l := range all {
				l.lose()
			}
		}
	}
	for _, heard := range r.GetHeard() {
		for l := range s.ears.on[heard.GetTopic()] {
			select {
			case l.values <- heard.GetValue():
			default:
				l.lose()
			}
		}
	}
	return &pluginpb.HearResponse{}, nil
}
