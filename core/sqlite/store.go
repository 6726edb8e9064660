package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

var _ record.Store = (*Store)(nil)

// Store keeps records in a file. It is safe for concurrent use; readers wait for
// nobody, and writers for their turn: one transaction of a key after one of
// another key, by what they cost, and leases before all.
type Store struct {
	name    string           // for messages
	file    string           // absolute; "" in memory
	turns   *fairqueue.Queue // of the writers, who wait for each other here and not for the file
	writer  *pool            // one connection
	readers *pool
	seekers *pool
	dbs     []*sql.DB

	contents *contents

	collation *schema.Collation // how names sort

	farthest int           // how many records a page may look at
	longest  time.Duration // how long a list or a figure may take
	mostLog  int64         // how long the log may be, in bytes, before it is cut

	cutTried time.Time // only the one who has the writer's connection may look

	tables atomic.Pointer[map[string]*table] // by entity; replaced as a whole by Prepare

	doubtful atomic.Bool // a write failed that the disk is to blame for

	closing sync.Once
	closed  chan struct{}
}

// Open opens the database in a file, which is made when it is missing; its
// directory must exist. What Commit has acknowledged survives a crash of the
// process, and of the machine as far as its disk keeps what it has promised.
// Several processes may open one file.
func Open(path string) (*Store, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	makeFile(absolute)
	file := url.URL{Scheme: "file", Path: absolute}
	const common = "?_dqs=0&_defensive=1&_busy_timeout=5000&_pragma=temp_store(memory)"
	s := &Store{name: path, file: absolute, contents: &contents{folder: contentFolder(absolute)}, collation: schema.StandardCollation(), farthest: Farthest, longest: Longest, mostLog: mostLog, turns: newTurns(), closed: make(chan struct{})}
	// A transaction that is acknowledged is on the disk (FULL): with NORMAL a
	// loss of power could take back the last ones.
	if s.writer, err = s.open(file.String()+common+writerPragmas, 1); err == nil {
		s.readers, err = s.open(file.String()+common+"&_query_only=1", maxReaders)
	}
	if err == nil {
		s.seekers, err = s.open(file.String()+common+"&_query_only=1", maxSeekers)
	}
	if err == nil {
		err = s.lay()
	}
	if err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	return s, nil
}

// OpenMemory opens an empty database that is gone when it is closed. Its
// reads and writes share one connection: without a disk they are too short
// for more to be of use.
func OpenMemory() (*Store, error) {
	s := &Store{name: "memory", contents: &contents{}, collation: schema.StandardCollation(), farthest: Farthest, longest: Longest, turns: newTurns(), closed: make(chan struct{})}
	var err error
	if s.writer, err = s.open("file::memory:?_dqs=0&_defensive=1", 1); err == nil {
		s.readers, s.seekers = s.writer, s.writer
		err = s.lay()
	}
	if err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("open a database in memory: %w", err)
	}
	return s, nil
}

// SortBy says how names sort from the next Prepare on, which makes the keys of what is
// stored anew when they are of another collation. It is called before the store is in use.
func (s *Store) SortBy(c *schema.Collation) { s.collation = c }

func (s *Store) open(dsn string, size int) (*pool, error) {
	d, err := s.newDriver()
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(opener{driver: d, dsn: dsn})
	s.dbs = append(s.dbs, db)
	return newPool(db, size), nil
}

// Close waits for what is under way and closes the file.
func (s *Store) Close() error {
	var errs []error
	s.closing.Do(func() {
		close(s.closed)
		if s.writer != nil {
			s.writer.drain()
		}
		for _, p := range []*pool{s.readers, s.seekers} {
			if p != nil && p != s.writer {
				p.drain()
			}
		}
		for _, db := range s.dbs {
			errs = append(errs, db.Close())
		}
	})
	return errors.Join(errs...)
}

// Ping says whether the database answers, and whether its disk takes more.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.checkDisk(); err != nil {
		return err
	}
	return s.reading(ctx, "ask for an answer", func(c *conn) error {
		var version int
		_, err := c.row(ctx, "PRAGMA user_version", nil, &version)
		return err
	})
}

// table returns what Prepare made for an entity.
func (s *Store) table(e *schema.Entity) (*table, error) {
	if tables := s.tables.Load(); tables != nil {
		if t := (*tables)[e.Stored().Name]; t != nil {
			return t, nil
		}
	}
	return nil, fmt.Errorf("the store was not prepared for the entity %q", e.Stored().Name)
}
