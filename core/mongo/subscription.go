package mongo

import (
	"context"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// subscriptionDocument is a subscription as it is stored.
type subscriptionDocument struct {
	Subscriber string   `bson:"_id"`
	Topics     []string `bson:"topics"`
}

func (s *Store) subscriptions() collection { return s.in(subscriptionsCollection) }

// Subscribe stores a subscription, or replaces the subscriber's.
func (s *Store) Subscribe(ctx context.Context, sub core.Subscription) error {
	_, err := s.subscriptions().ReplaceOne(ctx, bson.D{{Key: idField, Value: sub.Subscriber}}, subscriptionDocument(sub), options.Replace().SetUpsert(true))
	return s.writeFailed("subscribe "+sub.Subscriber, err)
}

// Unsubscribe removes a subscription and all its deliveries, the dead too.
func (s *Store) Unsubscribe(ctx context.Context, subscriber string) error {
	_, err := s.subscriptions().DeleteOne(ctx, bson.D{{Key: idField, Value: subscriber}})
	if err == nil {
		_, err = s.deliveries().DeleteMany(ctx, bson.D{{Key: "subscriber", Value: subscriber}})
	}
	return s.writeFailed("unsubscribe "+subscriber, err)
}

// Subscriptions lists all subscriptions by their subscribers.
func (s *Store) Subscriptions(ctx context.Context) ([]core.Subscription, error) {
	cursor, err := s.subscriptions().Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: idField, Value: 1}}))
	if err != nil {
		return nil, s.failed("read the subscriptions", err)
	}
	subscriptions, err := all(ctx, cursor, func(raw bson.Raw) (core.Subscription, error) {
		var d subscriptionDocument
		err := bson.Unmarshal(raw, &d)
		return core.Subscription(d), err
	})
	return subscriptions, s.failed("read the subscriptions", err)
}
