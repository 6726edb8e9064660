package transport

import (
	"context"
	"sync/atomic"
)

// outbox holds what a connection has yet to send: so much that a client may
// falter, and no more.
type outbox struct {
	messages chan []byte
	bytes    atomic.Int64
}

const (
	maxWaiting      = 64 // messages
	maxWaitingBytes = 1 << 20
)

func newOutbox() *outbox { return &outbox{messages: make(chan []byte, maxWaiting)} }

// offer says whether there was room for a message.
func (b *outbox) offer(message []byte) bool {
	size := int64(len(message))
	if waiting := b.bytes.Add(size); waiting > size && waiting > maxWaitingBytes {
		b.bytes.Add(-size)
		return false
	}
	select {
	case b.messages <- message:
		return true
	default:
		b.bytes.Add(-size)
		return false
	}
}

// put waits until there is room, or until the connection is gone.
func (b *outbox) put(ctx context.Context, message []byte) {
	b.bytes.Add(int64(len(message)))
	select {
	case b.messages <- message:
	case <-ctx.Done():
	}
}

// sent makes room again.
func (b *outbox) sent(message []byte) { b.bytes.Add(-int64(len(message))) }
