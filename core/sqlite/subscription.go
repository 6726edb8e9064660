package sqlite

import (
	"context"
	"database/sql"

	"github.com/openxrm/xrm/core"
)

// Subscribe stores a subscription, or replaces the subscriber's.
func (s *Store) Subscribe(ctx context.Context, sub core.Subscription) error {
	topics, err := encode(list(sub.Topics))
	if err != nil {
		return err
	}
	return s.writing(ctx, "subscribe "+sub.Subscriber, durable, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, "INSERT INTO subscriptions (subscriber, topics) VALUES (?, ?) ON CONFLICT DO UPDATE SET topics = excluded.topics", sub.Subscriber, topics)
		return err
	})
}

// Unsubscribe removes a subscription and all its deliveries, the dead too.
func (s *Store) Unsubscribe(ctx context.Context, subscriber string) error {
	return s.writing(ctx, "unsubscribe "+subscriber, durable, func(ctx context.Context, c *conn) error {
		for _, table := range []string{"subscriptions", "deliveries"} {
			if _, err := c.exec(ctx, "DELETE FROM "+table+" WHERE subscriber = ?", subscriber); err != nil {
				return err
			}
		}
		return nil
	})
}

// Subscriptions lists all subscriptions by their subscribers.
func (s *Store) Subscriptions(ctx context.Context) ([]core.Subscription, error) {
	var subscriptions []core.Subscription
	err := s.reading(ctx, "read the subscriptions", func(c *conn) error {
		return c.query(ctx, "SELECT subscriber, topics FROM subscriptions ORDER BY subscriber", nil, func(rows *sql.Rows) error {
			sub, err := scanSubscription(rows)
			subscriptions = append(subscriptions, sub)
			return err
		})
	})
	return subscriptions, err
}

func scanSubscription(rows *sql.Rows) (sub core.Subscription, err error) {
	var topics string
	if err := rows.Scan(&sub.Subscriber, &topics); err != nil {
		return sub, err
	}
	value, err := decode(topics)
	sub.Topics = texts(value)
	return sub, err
}
