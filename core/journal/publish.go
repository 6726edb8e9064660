package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/openxrm/xrm/core"
)

// Publisher tells subscribers what a plugin has to tell, beside the changes of
// records. It is safe for concurrent use.
type Publisher struct {
	Store    Outbox
	NewID    func() string // UUIDv7
	Enqueued func()        // told when there is something to deliver; nil for nobody

	subscribers subscribers
	mu          sync.Mutex
	last        int64 // the seq that was given last
}

// The largest key and payload of an event, in bytes.
const (
	maxKey     = 200
	maxPayload = 1 << 20
)

// Publish enqueues an event for whoever has subscribed to its topic; when it
// returns, the event is durable. Events that one process publishes under a key
// are delivered in the order in which they were published. The caller vouches
// for the topic, which begins with the plugin's name. An error is Invalid for
// a payload that is no JSON, or that may not fit into a message to a subscriber.
func (p *Publisher) Publish(ctx context.Context, actor core.Actor, topic, key string, payload []byte) error {
	if !json.Valid(payload) || !utf8.Valid(payload) {
		return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The event %s was not published: its payload must be JSON in UTF-8.", topic)}
	}
	if len(key) > maxKey || len(payload) > maxPayload {
		return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The event %s was not published: its key may have %d bytes and its payload %d, and they have %d and %d. Save a record, and send its id.",
			topic, maxKey, maxPayload, len(key), len(payload))}
	}
	subscriptions, err := p.subscribers.all(ctx, p.Store)
	if err != nil {
		return fault("read the subscriptions", err)
	}
	at := time.Now().UTC().Truncate(time.Millisecond)
	due := deliveries(subscriptions, core.Event{ID: p.NewID(), Topic: topic, Key: key, Seq: p.seq(), At: at, Actor: actor, Payload: payload})
	if len(due) == 0 {
		return nil
	}
	if err := p.Store.Enqueue(ctx, due); err != nil {
		return fault("publish "+topic, err)
	}
	if p.Enqueued != nil {
		p.Enqueued()
	}
	return nil
}

// seq is the time in microseconds, or one more than the last: no two events
// of this process share it.
func (p *Publisher) seq() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = max(p.last+1, time.Now().UnixMicro())
	return p.last
}
