package mongo

import (
	"context"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Deliverable returns deliveries that are due, those that have been so for
// longest first, and those of one key in their order.
//
// No write can see to it that a delivery is not due before an earlier one of
// its key, since a write changes one document. So it is seen to here: those
// that are due too early are made due with the one before them, and it looks
// again. That happens once for what is enqueued behind a delivery that waits,
// which then is out of the way.
func (s *Store) Deliverable(ctx context.Context, subscriber string, now time.Time, limit int) ([]core.Delivery, error) {
	const what = "read what is to be delivered"
	for {
		due := waiting(subscriber, bson.E{Key: "due", Value: bson.D{{Key: "$lte", Value: bson.NewDateTimeFromTime(now)}}})
		found, err := s.findDeliveries(ctx, due, bson.D{{Key: "due", Value: 1}, {Key: "seq", Value: 1}}, limit)
		if err != nil || len(found) == 0 {
			return nil, s.failed(what, err)
		}
		corrections, err := s.corrections(ctx, subscriber, found)
		if err == nil && len(corrections) == 0 {
			return found, nil
		}
		if err == nil {
			_, _, err = s.deliveries().BulkWrite(ctx, corrections, inTurn)
		}
		if err != nil {
			return nil, s.failed(what, err)
		}
	}
}

// corrections are what must be written before the first that are due can be
// delivered: nothing, if none of them is due before an earlier one of its key.
func (s *Store) corrections(ctx context.Context, subscriber string, found []core.Delivery) ([]driver.WriteModel, error) {
	ofKey := map[string][]core.Delivery{}
	for _, d := range found {
		ofKey[d.Event.Key] = append(ofKey[d.Event.Key], d)
	}
	var earlier bson.A
	for key, deliveries := range ofKey {
		last := slices.MaxFunc(deliveries, func(a, b core.Delivery) int { return int(a.Event.Seq - b.Event.Seq) })
		earlier = append(earlier, bson.D{{Key: "key", Value: key}, {Key: "seq", Value: bson.D{{Key: "$lt", Value: last.Event.Seq}}}})
	}
	// In order, all earlier ones are among those found. So if the limit cuts
	// any off, one that is not is among those it lets through.
	cursor, err := s.deliveries().Find(ctx, waiting(subscriber, bson.E{Key: "$or", Value: earlier}), options.Find().
		SetSort(bson.D{{Key: "seq", Value: 1}}).SetLimit(int64(len(found))).
		SetProjection(bson.D{{Key: "key", Value: 1}, {Key: "seq", Value: 1}, {Key: "due", Value: 1}}))
	if err != nil {
		return nil, err
	}
	var corrections []driver.WriteModel
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		key, seq, due := raw.Lookup("key").StringValue(), raw.Lookup("seq").AsInt64(), raw.Lookup("due").Time()
		if slices.ContainsFunc(ofKey[key], func(d core.Delivery) bool { return d.Event.Seq > seq && d.Due.Before(due) }) {
			behind := waiting(subscriber, bson.E{Key: "key", Value: key}, bson.E{Key: "seq", Value: bson.D{{Key: "$gt", Value: seq}}}, bson.E{Key: "due", Value: bson.D{{Key: "$lt", Value: due}}})
			corrections = append(corrections, driver.NewUpdateManyModel().SetFilter(behind).SetUpdate(bson.D{{Key: "$set", Value: bson.D{{Key: "due", Value: due}}}}))
		}
		return struct{}{}, nil
	})
	return corrections, err
}
