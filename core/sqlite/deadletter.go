package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// DeadLetters lists what was given up, in the order in which it was, at most
// limit of them that come behind after; a zero after begins the list.
func (s *Store) DeadLetters(ctx context.Context, subscriber string, after core.Delivery, limit int) ([]core.Delivery, error) {
	return s.deliveries(ctx, "list the dead letters", "WHERE subscriber = ? AND (dead_at, event) > (?, ?) AND dead_at IS NOT NULL ORDER BY dead_at, event LIMIT ?",
		subscriber, schema.Instant(after.DeadAt), after.Event.ID, limit)
}

// Replay lets dead letters wait for their delivery again, as if nothing had
// been tried, and says how many there were. They are due from when they died,
// but not before earlier ones of their key.
func (s *Store) Replay(ctx context.Context, subscriber string, events []string) (int, error) {
	const replay = "UPDATE deliveries SET attempts = 0, error = '', due = dead_at, dead_at = NULL WHERE subscriber = ? AND event = ? AND dead_at IS NOT NULL"
	return s.changeDeliveries(ctx, "replay dead letters", durable, subscriber, events, replay, waitForEarlier, letLaterWait)
}

// Discard removes dead letters and says how many there were.
func (s *Store) Discard(ctx context.Context, subscriber string, events []string) (int, error) {
	return s.changeDeliveries(ctx, "discard dead letters", durable, subscriber, events, "DELETE FROM deliveries WHERE subscriber = ? AND event = ? AND dead_at IS NOT NULL")
}

// Backlog counts what lies ready for each subscriber that has anything.
func (s *Store) Backlog(ctx context.Context) ([]core.Backlog, error) {
	var all []core.Backlog
	err := s.reading(ctx, "count the deliveries", func(c *conn) error {
		const text = "SELECT subscriber, count(*) FILTER (WHERE dead_at IS NULL), count(dead_at), min(due) FILTER (WHERE dead_at IS NULL), coalesce(max(error) FILTER (WHERE dead_at IS NULL), '') FROM deliveries GROUP BY subscriber ORDER BY subscriber"
		return c.query(ctx, text, nil, func(rows *sql.Rows) error {
			var b core.Backlog
			var due sql.NullString
			err := rows.Scan(&b.Subscriber, &b.Waiting, &b.Dead, &due, &b.LastError)
			if err == nil && due.Valid {
				b.OldestDue, err = time.Parse(schema.InstantFormat, due.String)
			}
			all = append(all, b)
			return err
		})
	})
	return all, err
}
