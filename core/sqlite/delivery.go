package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// A delivery that waits is never due before an earlier one of its key, so what
// is deliverable is the beginning of an index. Whoever says when one is due
// executes these two for it.
const (
	waitForEarlier = `UPDATE deliveries AS d SET due = max(due, coalesce((
	SELECT due FROM deliveries AS e WHERE e.subscriber = d.subscriber AND e.key = d.key AND e.seq < d.seq AND e.dead_at IS NULL ORDER BY e.seq DESC LIMIT 1), ''))
WHERE subscriber = ?1 AND event = ?2 AND dead_at IS NULL`

	letLaterWait = `UPDATE deliveries AS d SET due = e.due
FROM (SELECT key, seq, due FROM deliveries WHERE subscriber = ?1 AND event = ?2 AND dead_at IS NULL) AS e
WHERE d.subscriber = ?1 AND d.key = e.key AND d.seq > e.seq AND d.due < e.due AND d.dead_at IS NULL`
)

func lineUp(ctx context.Context, c *conn, subscriber, event string) error {
	_, err := c.exec(ctx, waitForEarlier, subscriber, event)
	if err == nil {
		_, err = c.exec(ctx, letLaterWait, subscriber, event)
	}
	return err
}

// Enqueue stores new deliveries; one that is there already, waiting or dead,
// stays as it is. What a plugin published is nowhere else and so waits for the
// disk; a change is pending until later.
func (s *Store) Enqueue(ctx context.Context, deliveries []core.Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	documents := make([]string, len(deliveries))
	for i, d := range deliveries {
		var err error
		if documents[i], err = encodeEvent(d.Event); err != nil {
			return err
		}
	}
	published := slices.ContainsFunc(deliveries, func(d core.Delivery) bool { return d.Event.Entry == nil })
	return s.writing(ctx, "enqueue events", published, func(ctx context.Context, c *conn) error {
		for i, d := range deliveries {
			_, err := c.exec(ctx, "INSERT INTO deliveries (subscriber, event, key, seq, due, attempts, error, document) VALUES (?, ?, ?, ?, ?, 0, '', ?) ON CONFLICT DO NOTHING",
				d.Subscriber, d.Event.ID, d.Event.Key, d.Event.Seq, schema.Instant(d.Due), documents[i])
			if err == nil {
				err = lineUp(ctx, c, d.Subscriber, d.Event.ID)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Deliverable returns deliveries that are due, those that have been so for
// longest first, and those of one key in their order.
func (s *Store) Deliverable(ctx context.Context, subscriber string, now time.Time, limit int) ([]core.Delivery, error) {
	return s.deliveries(ctx, "read what is to be delivered", "WHERE subscriber = ? AND due <= ? AND dead_at IS NULL ORDER BY due, seq LIMIT ?", subscriber, schema.Instant(now), limit)
}

// Ack removes deliveries. A loss of power may bring them back, and then they
// are delivered once more.
func (s *Store) Ack(ctx context.Context, subscriber string, events []string) error {
	_, err := s.changeDeliveries(ctx, "acknowledge events", soon, subscriber, events, "DELETE FROM deliveries WHERE subscriber = ? AND event = ?")
	return err
}

// Postpone notes a failed attempt, and lets a delivery and those behind it
// wait until due.
func (s *Store) Postpone(ctx context.Context, subscriber, event string, attempts int, due time.Time, reason string) error {
	return s.writing(ctx, "postpone an event", soon, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, "UPDATE deliveries SET attempts = ?, due = ?, error = ? WHERE subscriber = ? AND event = ? AND dead_at IS NULL", attempts, schema.Instant(due), reason, subscriber, event)
		if err == nil {
			err = lineUp(ctx, c, subscriber, event)
		}
		return err
	})
}

// Bury makes a delivery a dead letter after one more attempt.
func (s *Store) Bury(ctx context.Context, subscriber, event, reason string, at time.Time) error {
	return s.writing(ctx, "give an event up", soon, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, "UPDATE deliveries SET attempts = attempts + 1, dead_at = ?, error = ? WHERE subscriber = ? AND event = ? AND dead_at IS NULL", schema.Instant(at), reason, subscriber, event)
		return err
	})
}

// changeDeliveries executes statements for each of the events and says how many
// deliveries the first of them has changed.
func (s *Store) changeDeliveries(ctx context.Context, what string, wait bool, subscriber string, events []string, statements ...string) (int, error) {
	changed := 0
	if len(events) == 0 {
		return 0, nil
	}
	err := s.writing(ctx, what, wait, func(ctx context.Context, c *conn) error {
		for _, event := range events {
			for i, statement := range statements {
				result, err := c.exec(ctx, statement, subscriber, event)
				if err != nil {
					return err
				}
				if n, err := result.RowsAffected(); err != nil {
					return err
				} else if i == 0 {
					changed += int(n)
				}
			}
		}
		return nil
	})
	return changed, err
}

const deliveryColumns = "SELECT subscriber, due, attempts, error, dead_at, document FROM deliveries"

func (s *Store) deliveries(ctx context.Context, what, where string, args ...any) ([]core.Delivery, error) {
	var deliveries []core.Delivery
	err := s.reading(ctx, what, func(c *conn) error {
		return c.query(ctx, deliveryColumns+" "+where, args, func(rows *sql.Rows) error {
			d, err := scanDelivery(rows)
			deliveries = append(deliveries, d)
			return err
		})
	})
	return deliveries, err
}

func scanDelivery(rows *sql.Rows) (d core.Delivery, err error) {
	var due, document string
	var dead sql.NullString
	err = rows.Scan(&d.Subscriber, &due, &d.Attempts, &d.LastError, &dead, &document)
	if err == nil {
		d.Due, err = time.Parse(schema.InstantFormat, due)
	}
	if err == nil && dead.Valid {
		d.DeadAt, err = time.Parse(schema.InstantFormat, dead.String)
	}
	if err == nil {
		d.Event, err = decodeEvent(document)
	}
	return d, err
}
