package storetest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// Store is all that the engine asks of a store.
type Store interface {
	record.Store
	Leases
	Timers
	JobRuns
	State

	// Pending returns entries that lie in the documents of their records and
	// were not settled yet, at most limit of them, those of one record from
	// the oldest to the latest. It knows all records of the database, also
	// those of entities that the current model does not have.
	Pending(ctx context.Context, limit int) ([]core.Entry, error)

	// Append writes entries to the journal. An entry that is there already,
	// by record and version, stays as it is.
	Append(ctx context.Context, entries []core.Entry) error

	// Settle removes exactly these entries, by record and version, from the
	// documents of their records.
	Settle(ctx context.Context, entries []core.Entry) error

	// SaveKey stores a key, or replaces the one with its id.
	SaveKey(ctx context.Context, k core.Key) error
	// RemoveKey removes the key with this id and says whether there was one.
	RemoveKey(ctx context.Context, id string) (bool, error)

	// KeyByHash returns the key with this hash, or nil when there is none.
	KeyByHash(ctx context.Context, hash string) (*core.Key, error)

	// Keys lists all keys by their ids.
	Keys(ctx context.Context) ([]core.Key, error)

	// Ping says whether the database answers.
	Ping(ctx context.Context) error

	// Close releases the database. Every later call is Unavailable.
	Close() error
}

// Run tests that a store keeps the contract. open returns an empty store,
// which Run closes; each test has its own.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for _, group := range []struct {
		name  string
		tests map[string]func(*desk)
	}{
		{"commit", commitTests()},
		{"unique", uniqueTests()},
		{"values", valueTests()},
		{"history", historyTests()},
		{"relay", relayTests()},
		{"filter", filterTests()},
		{"reach", reachTests()},
		{"order", orderTests()},
		{"page", pageTests()},
		{"per", perTests()},
		{"count", countTests()},
		{"search", searchTests()},
		{"prepare", prepareTests()},
		{"counter", counterTests()},
		{"key", keyTests()},
		{"lease", leaseTests()},
		{"timer", timerTests()},
		{"job run", jobRunTests()},
		{"state", stateTests()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, name := range slices.Sorted(maps.Keys(group.tests)) {
				t.Run(name, func(t *testing.T) { group.tests[name](newDesk(t, open(t))) })
			}
		})
	}
}
