package journal

import (
	"context"
	"iter"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Store is what the relay asks of a store. Every step can be repeated, so
// that a relay that died between two of them leaves neither gap nor double.
type Store interface {
	Outbox

	// Pending goes through all entries that were not settled yet when it began, at
	// most limit of them at a time and those of one record from the oldest to the
	// latest. What is committed meanwhile may be among them, but does not keep it
	// from ending. Whoever goes through them may settle them. It ends at an error.
	Pending(ctx context.Context, limit int) iter.Seq2[[]core.Entry, error]

	// Missing returns those of the entries that were neither appended nor
	// settled, as far as the store can tell.
	Missing(ctx context.Context, entries []core.Entry) ([]core.Entry, error)

	// Number gives positions to the entries of the journal that have none,
	// which only a program from before leaves, and says to how many.
	Number(ctx context.Context) (int, error)

	// Append writes entries to the journal, each at the next position if it has
	// none yet. One that is there already, by record and version, stays as and
	// where it is. Whatever has no position must be numbered before, or the
	// entries of a record could change places.
	Append(ctx context.Context, entries []core.Entry) error

	// Settle removes exactly these entries from where they are pending.
	Settle(ctx context.Context, entries []core.Entry) error

	// Forget takes what says something about a person out of the entries of
	// these records of one entity, wherever they lie: in the journal, pending,
	// and in deliveries that wait or are dead. It can be repeated.
	Forget(ctx context.Context, e *schema.Entity, ids []string) error
}

// Positions is the journal for those who read it with a cursor, which is the
// position of the last entry that they have seen. They miss none and see none
// twice: position n+1 is never there before n, and none ever changes its entry,
// except that it forgets what said something about a person.
type Positions interface {
	// EntriesAfter returns the entries behind a position, 0 for all, in the order
	// of their positions and at most limit of them, and the last position that
	// there is. An entry has its position at the latest when the relay has moved
	// it, and those of one record come in the order of their versions.
	EntriesAfter(ctx context.Context, position int64, limit int) (entries []core.Entry, last int64, err error)
}

// Outbox is where events wait for those who have subscribed to them.
type Outbox interface {
	// Subscriptions lists all subscriptions.
	Subscriptions(ctx context.Context) ([]core.Subscription, error)

	// Enqueue stores new deliveries. One that is there already, by subscriber
	// and the event's id, stays as it is.
	Enqueue(ctx context.Context, deliveries []core.Delivery) error
}

// Queue is what the dispatcher asks of a store.
type Queue interface {
	// Subscriptions lists all subscriptions.
	Subscriptions(ctx context.Context) ([]core.Subscription, error)

	// Deliverable returns at most limit deliveries that are due and not dead,
	// those that have been so for longest first; never one while an earlier
	// one of its key waits that does not stand before it in the answer.
	Deliverable(ctx context.Context, subscriber string, now time.Time, limit int) ([]core.Delivery, error)

	// Ack removes deliveries, by their events' ids.
	Ack(ctx context.Context, subscriber string, events []string) error

	// Postpone notes how many attempts have failed and why, and lets a
	// delivery, and so the later ones of its key, wait until due.
	Postpone(ctx context.Context, subscriber, event string, attempts int, due time.Time, reason string) error

	// Bury makes a delivery a dead letter, after one more attempt that failed.
	// The later ones of its key go on.
	Bury(ctx context.Context, subscriber, event, reason string, at time.Time) error
}

// Desk is what those who run the system ask of a store about subscriptions
// and dead letters.
type Desk interface {
	// Subscribe stores a subscription, or replaces the subscriber's. It
	// concerns what is relayed from a second later on.
	Subscribe(ctx context.Context, s core.Subscription) error

	// Unsubscribe removes a subscription and all its deliveries, the dead too.
	Unsubscribe(ctx context.Context, subscriber string) error

	// DeadLetters lists what was given up, in the order in which it was, at
	// most limit of them that come behind after; a zero after begins the list.
	DeadLetters(ctx context.Context, subscriber string, after core.Delivery, limit int) ([]core.Delivery, error)

	// Replay lets dead letters wait for their delivery again, without failed
	// attempts, and says how many there were.
	Replay(ctx context.Context, subscriber string, events []string) (int, error)

	// Discard removes dead letters and says how many there were.
	Discard(ctx context.Context, subscriber string, events []string) (int, error)

	// Backlog counts what lies ready for each subscriber that has anything.
	Backlog(ctx context.Context) ([]core.Backlog, error)
}

// Leases let one process at a time do something.
type Leases interface {
	// Acquire takes a lease for ttl or renews it, and says whether the holder
	// has it now.
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error)

	// Release gives a lease back that the holder may have.
	Release(ctx context.Context, name, holder string) error
}
