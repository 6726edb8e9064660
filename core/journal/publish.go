package journal

import (
	"context"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/contract/kept"
)

// Publisher tells subscribers of what is no change of a record, such as what a
// plugin has to tell. It is safe for concurrent use.
type Publisher struct {
	Store    Outbox
	NewID    func() string // UUIDv7
	Enqueued func()        // told when there is something to deliver; nil for nobody

	subscribers subscribers
	mu          sync.Mutex
	last        int64 // the seq that was given last
}

// Publish enqueues an event for whoever has subscribed to its topic; when it
// returns, the event is durable. Events that one process publishes under a key
// are delivered in the order in which they were published. The caller vouches
// for the topic, which begins with the name of who publishes. An error is Invalid for
// a payload that is no JSON, or that may not fit into a message to a subscriber.
func (p *Publisher) Publish(ctx context.Context, actor core.Actor, topic, key string, payload []byte) error {
	if err := kept.CheckEvent(topic, key, payload); err != nil {
		return core.Refused(err)
	}
	subscriptions, err := p.subscribers.all(ctx, p.Store)
	if err != nil {
		return fault("read the subscriptions", err)
	}
	at := time.Now().UTC().Truncate(time.Millisecond)
	due := Deliveries(subscriptions, core.Event{ID: p.NewID(), Topic: topic, Key: key, Seq: p.seq(), At: at, Actor: actor, Payload: payload})
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
