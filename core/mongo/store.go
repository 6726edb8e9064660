package mongo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// The names of the collections that hold no records. No entity's name has a
// dot, so none of them can be an entity's.
const (
	journalCollection       = "xrm.journal"
	countersCollection      = "xrm.counters"
	keysCollection          = "xrm.keys"
	subscriptionsCollection = "xrm.subscriptions"
	deliveriesCollection    = "xrm.deliveries"
	leasesCollection        = "xrm.leases"
	timersCollection        = "xrm.timers"
	jobRunsCollection       = "xrm.jobRuns"
	stateCollection         = "xrm.state"
	pluginsCollection       = "xrm.plugins"
	instancesCollection     = "xrm.instances"
	sortingCollection       = "xrm.sorting"
	definitionsCollection   = "xrm.definitions"
	batchesCollection       = "xrm.batches"
	broadcastsCollection    = "xrm.broadcasts"
)

const (
	defaultDatabase = "xrm"
	defaultSearch   = 2 * time.Second
	defaultTimeout  = 10 * time.Second
	closingTime     = 5 * time.Second
)

var _ record.Store = (*Store)(nil)

// Config says where the MongoDB is and how patient to be with it.
type Config struct {
	// URI is a MongoDB connection string. Its path names the database; "xrm"
	// is used when it names none. Its read preference and write concern are
	// ignored: reads go to the primary, writes wait for the majority.
	URI string

	// Search is how long an operation looks for a server that answers before
	// it is UNAVAILABLE; 2 seconds when zero.
	Search time.Duration

	// Timeout is how long one operation may take; 10 seconds when zero. A
	// context with an earlier deadline wins.
	Timeout time.Duration
}

// Store keeps records in one MongoDB database.
type Store struct {
	client *driver.Client
	db     *driver.Database
	hosts  string // for messages to the operator

	timeout   time.Duration     // how long an operation may take
	patience  time.Duration     // how long a batch that others wait for may take
	collation *schema.Collation // how names sort

	farthest   int // how many records a page may look at
	rekeyBatch int64
	keptFor    time.Duration

	declared sync.Map     // by the name of a stored entity, as of Prepare: *declared
	keptKeys sync.Map     // by the name of a stored entity: notedKeys
	ordering atomic.Int32 // what readsInOrder knows

	tail    tail // of the journal
	said    broadcasts
	indexed atomic.Bool // the journal is, as far as this process knows
	full    atomic.Bool // a write failed for want of room
}

// New returns a store that connects when it is first used: it fails only on a
// URI that makes no sense, never because the server is down.
func New(c Config) (*Store, error) {
	opts := options.Client().ApplyURI(c.URI)
	if err := opts.Validate(); err != nil {
		// The driver's text can contain the password.
		return nil, errors.New("the address of the MongoDB makes no sense: write it as mongodb://host:27017/database, with special characters in the password percent-encoded")
	}
	journaled := true
	opts.SetAppName("xrm").
		SetReadPreference(readpref.Primary()).
		SetWriteConcern(&writeconcern.WriteConcern{W: "majority", Journal: &journaled}).
		SetServerSelectionTimeout(orDefault(c.Search, defaultSearch)).
		SetTimeout(orDefault(c.Timeout, defaultTimeout))
	client, err := driver.Connect(opts)
	if err != nil {
		return nil, fmt.Errorf("set up the MongoDB client for %s: %w", strings.Join(opts.Hosts, ","), err)
	}
	return &Store{
		client: client,
		db:     client.Database(databaseIn(c.URI)),
		hosts:  strings.Join(opts.Hosts, ","),

		collation: schema.StandardCollation(),

		timeout:    orDefault(c.Timeout, defaultTimeout),
		patience:   defaultPatience,
		farthest:   Farthest,
		rekeyBatch: rekeyBatch,
		keptFor:    keptFor,
	}, nil
}

// SortBy says how names sort from the next Prepare on, which makes the keys of what is
// stored anew when they are of another collation. It is called before the store is in use.
// All instances of a database need the same.
func (s *Store) SortBy(c *schema.Collation) { s.collation = c }

// Ping returns nil when the server answers and its disk takes more, and an
// Unavailable error that says what failed when not.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.checkDisk(ctx); err != nil {
		return err
	}
	return s.failed("ping", s.client.Ping(ctx, nil))
}

// Close ends the connections; every later call is Unavailable. Operations
// under way are given a few seconds.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closingTime)
	defer cancel()
	if err := s.client.Disconnect(ctx); err != nil && !errors.Is(err, driver.ErrClientDisconnected) {
		return fmt.Errorf("disconnect from MongoDB at %s: %w", s.hosts, err)
	}
	return nil
}

// collection is where the records of an entity, or of a role's base, lie.
func (s *Store) collection(e *schema.Entity) collection {
	return s.in(e.Stored().Name)
}

func (s *Store) journal() collection { return s.in(journalCollection) }

// databaseIn reads the database's name from a connection string, which no
// package of the standard library can parse: it may name several hosts.
func databaseIn(uri string) string {
	_, address, _ := strings.Cut(uri, "://")
	_, path, _ := strings.Cut(address, "/")
	name, _, _ := strings.Cut(path, "?")
	if decoded, err := url.PathUnescape(name); err == nil && decoded != "" {
		return decoded
	}
	return defaultDatabase
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// all reads a cursor to its end.
func all[T any](ctx context.Context, cursor *driver.Cursor, decode func(bson.Raw) (T, error)) ([]T, error) {
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }() // what was read is read
	var list []T
	for cursor.Next(ctx) {
		one, err := decode(cursor.Current)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, cursor.Err()
}
