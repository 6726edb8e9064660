package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/openxrm/xrm/core"
)

const stateTable = `
CREATE TABLE plugin_state (
	plugin  TEXT NOT NULL,
	key     TEXT NOT NULL,
	version INTEGER NOT NULL,
	expires INTEGER, -- NULL for never
	value   BLOB NOT NULL,
	UNIQUE (plugin, key)
) STRICT;
CREATE INDEX plugin_state_expires ON plugin_state (expires) WHERE expires IS NOT NULL;
`

// State returns a value that a plugin has put, and its version; 0 when there
// is none, or none any more.
func (s *Store) State(ctx context.Context, plugin, key string) (value []byte, version int64, err error) {
	err = s.reading(ctx, "read the state", func(c *conn) error {
		_, err := c.row(ctx, "SELECT value, version FROM plugin_state WHERE plugin = ? AND key = ? AND (expires IS NULL OR expires > ?)",
			[]any{plugin, key, time.Now().UnixMilli()}, &value, &version)
		return err
	})
	return value, version, err
}

// PutState stores a value and returns its version, which is greater than all
// before it, also than those of a value that was deleted. ifVersion is the
// version that it must replace: 0 for none, core.AnyVersion for whatever there
// is; otherwise it is a Conflict. A value that expires is gone from then on;
// the zero time is never.
func (s *Store) PutState(ctx context.Context, plugin, key string, value []byte, ifVersion int64, expires time.Time) (version int64, err error) {
	if err := core.CheckState(key, value); err != nil {
		return 0, err
	}
	err = s.writing(ctx, "put the state", durable, func(ctx context.Context, c *conn) error {
		stored, err := c.stateVersion(ctx, plugin, key, ifVersion)
		if err != nil {
			return err
		}
		version = max(stored+1, time.Now().UnixMicro())
		_, err = c.exec(ctx, "INSERT OR REPLACE INTO plugin_state (plugin, key, version, expires, value) VALUES (?, ?, ?, ?, ?)",
			plugin, key, version, untilOf(expires), append([]byte{}, value...))
		return err
	})
	return version, err
}

// DeleteState deletes a value. ifVersion is as for PutState; with
// core.AnyVersion there need be none.
func (s *Store) DeleteState(ctx context.Context, plugin, key string, ifVersion int64) error {
	return s.writing(ctx, "delete the state", durable, func(ctx context.Context, c *conn) error {
		if _, err := c.stateVersion(ctx, plugin, key, ifVersion); err != nil {
			return err
		}
		_, err := c.exec(ctx, "DELETE FROM plugin_state WHERE plugin = ? AND key = ?", plugin, key)
		return err
	})
}

// untilOf is NULL for what never expires.
func untilOf(expires time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: expires.UnixMilli(), Valid: !expires.IsZero()}
}

// StateSize returns how many bytes the keys and values of a plugin have.
func (s *Store) StateSize(ctx context.Context, plugin string) (size int64, err error) {
	err = s.reading(ctx, "measure the state", func(c *conn) error {
		_, err := c.row(ctx, "SELECT coalesce(sum(octet_length(key) + octet_length(value)), 0) FROM plugin_state WHERE plugin = ? AND (expires IS NULL OR expires > ?)",
			[]any{plugin, time.Now().UnixMilli()}, &size)
		return err
	})
	return size, err
}

// sweptAtOnce is how many values one write sweeps that have expired: others wait for it.
const sweptAtOnce = 100

// stateVersion sweeps some of what has expired and returns the stored version, 0 for
// none, which must be ifVersion.
func (c *conn) stateVersion(ctx context.Context, plugin, key string, ifVersion int64) (version int64, err error) {
	now := time.Now().UnixMilli()
	if _, err := c.exec(ctx, "DELETE FROM plugin_state WHERE rowid IN (SELECT rowid FROM plugin_state WHERE expires <= ? LIMIT ?)", now, sweptAtOnce); err != nil {
		return 0, err
	}
	_, err = c.row(ctx, "SELECT version FROM plugin_state WHERE plugin = ? AND key = ? AND (expires IS NULL OR expires > ?)", []any{plugin, key, now}, &version)
	if err == nil && ifVersion != core.AnyVersion && ifVersion != version {
		err = core.StateConflict(key)
	}
	return version, err
}
