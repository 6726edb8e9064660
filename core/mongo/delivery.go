package mongo

import (
	"context"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// deadField is the moment when a delivery was given up; the waiting ones have
// liveField instead.
const deadField = "deadAt"

func (s *Store) deliveries() collection { return s.in(deliveriesCollection) }

func deliveryIndexes() []driver.IndexModel {
	index := func(name string, keys ...string) driver.IndexModel {
		fields := bson.D{}
		for _, key := range keys {
			fields = append(fields, bson.E{Key: key, Value: 1})
		}
		return driver.IndexModel{Keys: fields, Options: options.Index().SetName(name)}
	}
	return []driver.IndexModel{
		index("due", "subscriber", liveField, "due", "seq"),
		index("key", "subscriber", liveField, "key", "seq"),
		index("dead", "subscriber", deadField, "event"),
	}
}

// waiting selects the deliveries of a subscriber that are no dead letters.
func waiting(subscriber string, also ...bson.E) bson.D {
	return append(bson.D{{Key: "subscriber", Value: subscriber}, {Key: liveField, Value: true}}, also...)
}

func deliveryID(subscriber, event string) string { return subscriber + "/" + event }

// Enqueue stores new deliveries; one that is there already, waiting or dead,
// stays as it is.
func (s *Store) Enqueue(ctx context.Context, deliveries []core.Delivery) error {
	if len(deliveries) == 0 {
		return nil
	}
	documents := make([]any, len(deliveries))
	for i, d := range deliveries {
		documents[i] = deliveryDocument(d)
	}
	err := s.deliveries().InsertMany(ctx, documents, anyOrder)
	return s.failed("enqueue events", withoutDuplicates(err))
}

// deliveryDocument is a delivery as it waits, or lies as a dead letter.
func deliveryDocument(d core.Delivery) bson.D {
	document := append(bson.D{
		{Key: idField, Value: deliveryID(d.Subscriber, d.Event.ID)},
		{Key: "subscriber", Value: d.Subscriber},
		{Key: "event", Value: d.Event.ID},
		{Key: "key", Value: d.Event.Key},
		{Key: "seq", Value: d.Event.Seq},
		{Key: "due", Value: bson.NewDateTimeFromTime(d.Due)},
	}, encodeEvent(d.Event)...)
	if d.Attempts > 0 {
		document = append(document, bson.E{Key: "attempts", Value: d.Attempts})
	}
	if d.LastError != "" {
		document = append(document, bson.E{Key: "error", Value: d.LastError})
	}
	if d.DeadAt.IsZero() {
		return append(document, bson.E{Key: liveField, Value: true})
	}
	return append(document, bson.E{Key: deadField, Value: bson.NewDateTimeFromTime(d.DeadAt)})
}

// Ack removes deliveries.
func (s *Store) Ack(ctx context.Context, subscriber string, events []string) error {
	_, err := s.deliveries().DeleteMany(ctx, these(subscriber, events))
	return s.failed("acknowledge events", err)
}

// Postpone notes a failed attempt and lets a delivery wait until due. Those
// behind it wait too: Deliverable sees to that.
func (s *Store) Postpone(ctx context.Context, subscriber, event string, attempts int, due time.Time, reason string) error {
	_, err := s.deliveries().UpdateOne(ctx,
		bson.D{{Key: idField, Value: deliveryID(subscriber, event)}, {Key: liveField, Value: true}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "attempts", Value: attempts}, {Key: "due", Value: bson.NewDateTimeFromTime(due)}, {Key: "error", Value: reason}}}})
	return s.failed("postpone an event", err)
}

// Bury makes a delivery a dead letter after one more attempt.
func (s *Store) Bury(ctx context.Context, subscriber, event, reason string, at time.Time) error {
	_, err := s.deliveries().UpdateOne(ctx,
		bson.D{{Key: idField, Value: deliveryID(subscriber, event)}, {Key: liveField, Value: true}},
		bson.D{
			{Key: "$inc", Value: bson.D{{Key: "attempts", Value: 1}}},
			{Key: "$set", Value: bson.D{{Key: deadField, Value: bson.NewDateTimeFromTime(at)}, {Key: "error", Value: reason}}},
			{Key: "$unset", Value: bson.D{{Key: liveField, Value: ""}}},
		})
	return s.failed("give an event up", err)
}

// these selects deliveries by their events.
func these(subscriber string, events []string) bson.D {
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = deliveryID(subscriber, event)
	}
	return bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: ids}}}}
}

// findDeliveries returns at most limit deliveries in an order.
func (s *Store) findDeliveries(ctx context.Context, filter, order bson.D, limit int) ([]core.Delivery, error) {
	cursor, err := s.deliveries().Find(ctx, filter, options.Find().SetSort(order).SetLimit(int64(limit)))
	if err != nil {
		return nil, err
	}
	return all(ctx, cursor, decodeDelivery)
}

func decodeDelivery(raw bson.Raw) (core.Delivery, error) {
	event, err := decodeEvent(raw)
	d := core.Delivery{Subscriber: raw.Lookup("subscriber").StringValue(), Event: event, Due: time.UnixMilli(raw.Lookup("due").DateTime()).UTC()}
	if attempts, ok := raw.Lookup("attempts").AsInt64OK(); ok {
		d.Attempts = int(attempts)
	}
	d.LastError, _ = raw.Lookup("error").StringValueOK()
	if at, ok := raw.Lookup(deadField).TimeOK(); ok {
		d.DeadAt = at.UTC()
	}
	return d, err
}
