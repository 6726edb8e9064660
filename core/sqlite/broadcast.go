package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/openxrm/xrm/core"
)

// broadcastTable is no step of the layout: a program that does not know it neither
// broadcasts nor listens.
const broadcastTable = `
CREATE TABLE IF NOT EXISTS broadcasts (
	position INTEGER PRIMARY KEY,
	plugin   TEXT NOT NULL,
	topic    TEXT NOT NULL,
	at       INTEGER NOT NULL,
	value    BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS broadcasts_at ON broadcasts (at);
`

// Broadcast stores a broadcast at the next position, for a minute. It does not wait for
// the disk: a loss of power ends all who listen.
func (s *Store) Broadcast(ctx context.Context, b core.Broadcast) error {
	if err := b.Check(); err != nil {
		return err
	}
	return s.writing(ctx, "broadcast", soon, func(ctx context.Context, c *conn) error {
		last, err := c.lastBroadcast(ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		if _, err := c.exec(ctx, "INSERT INTO broadcasts (position, plugin, topic, at, value) VALUES (?, ?, ?, ?, ?)", last+1, b.Plugin, b.Topic, now.UnixMilli(), b.Value); err != nil {
			return err
		}
		_, err = c.exec(ctx, "DELETE FROM broadcasts WHERE position <= ? OR at < ? AND position <= ?", last+1-core.MaxBroadcasts, now.Add(-core.BroadcastTime).UnixMilli(), last)
		return err
	})
}

// BroadcastsAfter returns what the store still has behind a position, in the order of
// the positions and at most limit of them.
func (s *Store) BroadcastsAfter(ctx context.Context, position int64, limit int) (list []core.Broadcast, err error) {
	err = s.reading(ctx, "read what was broadcast", func(c *conn) error {
		return c.query(ctx, "SELECT position, plugin, topic, value FROM broadcasts WHERE position > ? ORDER BY position LIMIT ?", []any{position, limit}, func(rows *sql.Rows) error {
			var b core.Broadcast
			err := rows.Scan(&b.Position, &b.Plugin, &b.Topic, &b.Value)
			list = append(list, b)
			return err
		})
	})
	return list, err
}

// LastBroadcast returns the position of the latest broadcast; 0 before the first.
func (s *Store) LastBroadcast(ctx context.Context) (last int64, err error) {
	err = s.reading(ctx, "read what was broadcast", func(c *conn) error {
		last, err = c.lastBroadcast(ctx)
		return err
	})
	return last, err
}

func (c *conn) lastBroadcast(ctx context.Context) (last int64, err error) {
	_, err = c.row(ctx, "SELECT coalesce(max(position), 0) FROM broadcasts", nil, &last)
	return last, err
}
