package transport

import (
	"context"
	"sync/atomic"

	"github.com/openxrm/xrm/core/budget"
)

// outbox holds what a connection has yet to send: so much that a client may
// falter, and no more.
type outbox struct {
	messages chan outgoing
	bytes    atomic.Int64
	held     *budget.Request // what waits
}

// outgoing is a message that waits to be sent; it has no text where the
// connection is to be closed.
type outgoing struct {
	text []byte
	held int64 // of the outbox's budget
}

// What may wait for the client of a connection: messages, and their bytes.
const (
	MaxWaiting      = 64
	MaxWaitingBytes = 1 << 20
)

// newOutbox makes an outbox for a client who asks in ctx.
func newOutbox(ctx context.Context) *outbox {
	_, held := budget.Begin(ctx)
	return &outbox{messages: make(chan outgoing, MaxWaiting), held: held}
}

// offer says whether there was room for a message.
func (b *outbox) offer(text []byte) bool {
	size := int64(len(text))
	if waiting := b.bytes.Add(size); waiting > size && waiting > MaxWaitingBytes || b.held.Take(size) != nil {
		b.bytes.Add(-size)
		return false
	}
	select {
	case b.messages <- outgoing{text, size}:
		return true
	default:
		b.sent(outgoing{text, size})
		return false
	}
}

// put waits until there is room among the messages, or until the connection is
// gone. It returns an error, and puts nothing, when there is no room in memory.
func (b *outbox) put(ctx context.Context, text []byte) error {
	size := int64(len(text))
	if err := b.held.Take(size); err != nil {
		return err
	}
	b.wait(ctx, outgoing{text, size})
	return nil
}

// putShort is put for a message that takes no room worth counting.
func (b *outbox) putShort(ctx context.Context, text []byte) { b.wait(ctx, outgoing{text: text}) }

func (b *outbox) wait(ctx context.Context, m outgoing) {
	b.bytes.Add(int64(len(m.text)))
	select {
	case b.messages <- m:
	case <-ctx.Done():
		b.sent(m)
	}
}

// sent makes room again.
func (b *outbox) sent(m outgoing) {
	b.bytes.Add(-int64(len(m.text)))
	b.held.Give(m.held)
}
