package sqlite

import (
	"context"
	"math"

	"github.com/openxrm/xrm/core/fairqueue"
)

// How long a transaction waits for the disk.
const (
	// durable: until the disk has it. Nothing that is acknowledged is lost.
	durable = true
	// soon: not at all. A loss of power may undo it, but only together with
	// all that was written later: the log is one. So it is enough for what is
	// worth nothing without a later durable transaction, or can be repeated.
	soon = false
)

// writerPragmas let a transaction be on the disk when it is acknowledged (FULL). The
// indexes of an entity are dozens, each written somewhere else: with the 2 MB that
// SQLite keeps in memory by itself, their pages would be read again for every record,
// and what the log has moved into the file after every 4 MB, over and over.
const writerPragmas = "&_journal_mode=WAL&_synchronous=FULL&_pragma=cache_size(-8000)&_pragma=wal_autocheckpoint(4000)"

// newTurns is one transaction at a time, of whichever key has had the least. The
// error of a request that waits for too long is its context's.
func newTurns() *fairqueue.Queue {
	return fairqueue.New(fairqueue.Limits{Running: 1, PerKey: 1, HeavyCost: math.MaxInt}, nil)
}

// writing runs f in a transaction. It waits for its turn as long as ctx lets
// it; once begun, a transaction is finished.
func (s *Store) writing(ctx context.Context, what string, wait bool, f func(context.Context, *conn) error) error {
	return s.inTurn(ctx, fairqueue.Ask{Cost: 1}, what, wait, f)
}

// writingFirst is writing before all others that wait: for leases and signs of
// life, since whoever renews one late has lost it.
func (s *Store) writingFirst(ctx context.Context, what string, f func(context.Context, *conn) error) error {
	return s.inTurn(ctx, fairqueue.Ask{First: true}, what, soon, f)
}

func (s *Store) inTurn(ctx context.Context, a fairqueue.Ask, what string, wait bool, f func(context.Context, *conn) error) error {
	a.Key, a.Follow = fairqueue.KeyOf(ctx), true // how many may wait is for the doors to say
	turn, err := s.turns.Enter(ctx, a)
	if err != nil {
		return s.failed(what, ctx.Err())
	}
	defer turn.Leave()
	c, err := s.writer.take(ctx, s.closed)
	if err != nil {
		return s.failed(what, err)
	}
	defer s.writer.put(c)
	err = transact(context.WithoutCancel(ctx), c, wait, f)
	s.noteDisk(err)
	s.cutLog(ctx, c)
	return s.failed(what, err)
}

func transact(ctx context.Context, c *conn, wait bool, f func(context.Context, *conn) error) error {
	if err := c.setDurable(ctx, wait); err != nil {
		return err
	}
	if _, err := c.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f(ctx, c)
	if err == nil {
		_, err = c.exec(ctx, "COMMIT")
	}
	if err != nil {
		// SQLite itself has rolled back after some errors; then this one is
		// without effect, and its error without interest.
		_, _ = c.exec(ctx, "ROLLBACK")
	}
	return err
}
