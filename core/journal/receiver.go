package journal

import (
	"context"

	"github.com/openxrm/xrm/core"
)

// Receiver takes events for the subscribers of one kind: a host does for
// plugins, whoever posts them to addresses does for webhooks. The dispatcher
// keeps what waits, who has the lease, the order and the attempts; a receiver
// only hands on.
type Receiver interface {
	// Receive hands a batch to the subscriber of this name and returns one receipt
	// for each event. An error means that it could not be reached, which uses up no
	// attempts, unless it wraps core.ErrDied or the deadline has passed: then there
	// may be receipts for the first events, which count; the first without one is
	// suspected and goes alone next time, and if it fails so again, that uses an
	// attempt up. It may be called for several batches at a time.
	Receive(ctx context.Context, name string, batch []core.Event) ([]core.Receipt, error)
}

// ReceiverFunc is a function that is a Receiver.
type ReceiverFunc func(ctx context.Context, name string, batch []core.Event) ([]core.Receipt, error)

// Receive implements Receiver.
func (f ReceiverFunc) Receive(ctx context.Context, name string, batch []core.Event) ([]core.Receipt, error) {
	return f(ctx, name, batch)
}
