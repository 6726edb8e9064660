package storetest

import (
	"context"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Store is all that the engine asks of a store.
type Store interface {
	record.Store
	Leases
	Timers
	JobRuns
	State
	Registry
	Broadcasts
	Contents

	// SortBy says how names sort from the next Prepare on.
	SortBy(c *schema.Collation)

	// Pending goes through the entries that lay in the documents of their records
	// and were not settled yet when it began, at most limit of them at a time,
	// those of one record from the oldest to the latest. What is committed
	// meanwhile does not keep it from ending. It knows all records of the
	// database, also those of entities that the current model does not have.
	Pending(ctx context.Context, limit int) iter.Seq2[[]core.Entry, error]

	// Number gives positions to the entries of the journal that have none,
	// which only a program from before leaves, and says to how many.
	Number(ctx context.Context) (int, error)

	// Append writes entries to the journal, each at the next position if it has
	// none yet. An entry that is there already, by record and version, stays as
	// and where it is.
	Append(ctx context.Context, entries []core.Entry) error

	// Settle removes exactly these entries, by record and version, from the
	// documents of their records.
	Settle(ctx context.Context, entries []core.Entry) error

	// EntriesAfter returns the entries behind a position, in the order of their
	// positions and at most limit of them, and the last position that there is.
	// Positions count from 1 without a gap, n+1 is never there before n, and those
	// of one record come in the order of their versions.
	EntriesAfter(ctx context.Context, position int64, limit int) (entries []core.Entry, last int64, err error)

	// Forget takes what says something about a person out of the entries of
	// these records of one entity, wherever they lie: in the journal, pending,
	// and in deliveries that wait or are dead. It can be repeated.
	Forget(ctx context.Context, e *schema.Entity, ids []string) error

	// Missing returns those of the entries that the relay has not moved yet:
	// the journal does not have them, or in their place they are still pending.
	Missing(ctx context.Context, entries []core.Entry) ([]core.Entry, error)

	// Subscribe stores a subscription, or replaces the subscriber's.
	Subscribe(ctx context.Context, s core.Subscription) error
	// Unsubscribe removes a subscription and all its deliveries, the dead too.
	Unsubscribe(ctx context.Context, subscriber string) error
	// Subscriptions lists all subscriptions by their subscribers.
	Subscriptions(ctx context.Context) ([]core.Subscription, error)

	// Enqueue stores new deliveries, of which it reads the subscriber, the
	// event and when it is due. One that is there already, by subscriber and
	// the event's id, stays as it is.
	Enqueue(ctx context.Context, deliveries []core.Delivery) error

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

	// SaveKey stores a key, or replaces the one with its id.
	SaveKey(ctx context.Context, k core.Key) error
	// RemoveKey removes the key with this id and says whether there was one.
	RemoveKey(ctx context.Context, id string) (bool, error)

	// KeyByHash returns the key with this hash, or nil when there is none.
	KeyByHash(ctx context.Context, hash string) (*core.Key, error)

	// Keys lists all keys by their ids.
	Keys(ctx context.Context) ([]core.Key, error)

	// KeyUsed notes when a key was used, unless a later time is noted already. Of a
	// key that is gone nothing is noted.
	KeyUsed(ctx context.Context, id string, at time.Time) error

	// Ping says whether the database answers.
	Ping(ctx context.Context) error

	// Close releases the database. Every later call is Unavailable.
	Close() error
}

// Run tests that a store keeps the contract. open returns an empty store; each
// test has its own. beside opens the database of a store once more, as another
// instance does; nil where nobody else can. Run closes both.
func Run(t *testing.T, open func(t *testing.T) Store, beside func(t *testing.T, s Store) Store) {
	for _, group := range []struct {
		name  string
		tests map[string]func(*desk)
	}{
		{"commit", commitTests()},
		{"unique", uniqueTests()},
		{"batch", batchTests()},
		{"once", onceTests()},
		{"joined", joinedTests()},
		{"values", valueTests()},
		{"history", historyTests()},
		{"relay", relayTests()},
		{"position", positionTests()},
		{"forget", forgetTests()},
		{"delivery", deliveryTests()},
		{"dead letter", deadLetterTests()},
		{"filter", filterTests()},
		{"reach", reachTests()},
		{"order", orderTests()},
		{"page", pageTests()},
		{"per", perTests()},
		{"projection", projectionTests()},
		{"budget", budgetTests()},
		{"count", countTests()},
		{"aggregate", aggregateTests()},
		{"search", searchTests()},
		{"prepare", prepareTests()},
		{"counter", counterTests()},
		{"key", keyTests()},
		{"lease", leaseTests()},
		{"timer", timerTests()},
		{"job run", jobRunTests()},
		{"state", stateTests()},
		{"registry", registryTests()},
		{"broadcast", broadcastTests()},
		{"content", contentTests()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, name := range slices.Sorted(maps.Keys(group.tests)) {
				t.Run(name, func(t *testing.T) { group.tests[name](newDesk(t, open(t), beside)) })
			}
		})
	}
}
