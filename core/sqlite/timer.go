package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/openxrm/xrm/core"
)

const timerTable = `
CREATE TABLE timers (
	plugin   TEXT NOT NULL,
	key      TEXT NOT NULL,
	due      INTEGER NOT NULL,
	payload  BLOB,
	attempts INTEGER NOT NULL,
	rev      INTEGER NOT NULL,
	UNIQUE (plugin, key)
) STRICT;
CREATE INDEX timers_due ON timers (plugin, due, key);
`

const (
	timerColumns = "SELECT plugin, key, due, payload, attempts, rev FROM timers"
	dueTimers    = timerColumns + " WHERE plugin = ? AND due <= ? ORDER BY due, key LIMIT ?"
	timersByKey  = timerColumns + " WHERE plugin = ? AND key > ? ORDER BY key LIMIT ?"
)

// Schedule sets a timer, in place of the one with its key. Its Rev and
// Attempts are the store's to set.
func (s *Store) Schedule(ctx context.Context, t core.Timer) error {
	if err := t.Check(); err != nil {
		return err
	}
	return s.writing(ctx, "schedule the timer", durable, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, `INSERT INTO timers (plugin, key, due, payload, attempts, rev) VALUES (?, ?, ?, ?, 0, ?)
ON CONFLICT (plugin, key) DO UPDATE SET due = excluded.due, payload = excluded.payload, attempts = 0, rev = max(rev + 1, excluded.rev)`,
			t.Plugin, t.Key, t.DueAt.UnixMilli(), t.Payload, time.Now().UnixMicro())
		return err
	})
}

// Cancel removes a timer and says whether there was one. One that is due may
// be firing already.
func (s *Store) Cancel(ctx context.Context, plugin, key string) (canceled bool, err error) {
	err = s.writing(ctx, "cancel the timer", durable, func(ctx context.Context, c *conn) error {
		canceled, err = c.changes(ctx, "DELETE FROM timers WHERE plugin = ? AND key = ?", plugin, key)
		return err
	})
	return canceled, err
}

// DueTimers returns a plugin's timers that are due at now, at most limit of
// them, the longest due first.
func (s *Store) DueTimers(ctx context.Context, plugin string, now time.Time, limit int) ([]core.Timer, error) {
	return s.timers(ctx, dueTimers, plugin, now.UnixMilli(), limit)
}

// Timers lists a plugin's timers by their keys: at most first of them, those
// after afterKey ("" for from the beginning).
func (s *Store) Timers(ctx context.Context, plugin string, first int, afterKey string) ([]core.Timer, error) {
	return s.timers(ctx, timersByKey, plugin, afterKey, first)
}

// DoneTimer removes a timer that has fired, unless it was scheduled again in
// the meantime. It does not wait for the disk: what a loss of power undoes
// fires again.
func (s *Store) DoneTimer(ctx context.Context, plugin, key string, rev int64) error {
	return s.writing(ctx, "remove the timer", soon, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, "DELETE FROM timers WHERE plugin = ? AND key = ? AND rev = ?", plugin, key, rev)
		return err
	})
}

// PostponeTimer counts an attempt that failed and lets the timer be due again
// later, unless it was scheduled again in the meantime.
func (s *Store) PostponeTimer(ctx context.Context, plugin, key string, rev int64, due time.Time) error {
	return s.writing(ctx, "postpone the timer", soon, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, "UPDATE timers SET due = ?, attempts = attempts + 1 WHERE plugin = ? AND key = ? AND rev = ?", due.UnixMilli(), plugin, key, rev)
		return err
	})
}

func (s *Store) timers(ctx context.Context, query string, args ...any) ([]core.Timer, error) {
	var timers []core.Timer
	err := s.reading(ctx, "read the timers", func(c *conn) error {
		return c.query(ctx, query, args, func(rows *sql.Rows) error {
			t, err := scanTimer(rows)
			timers = append(timers, t)
			return err
		})
	})
	return timers, err
}

func scanTimer(rows *sql.Rows) (t core.Timer, err error) {
	var due int64
	err = rows.Scan(&t.Plugin, &t.Key, &due, &t.Payload, &t.Attempts, &t.Rev)
	t.DueAt = moment(due)
	return t, err
}
