package mongo

import (
	"context"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// DeadLetters lists what was given up, in the order in which it was, at most
// limit of them that come behind after; a zero after begins the list.
func (s *Store) DeadLetters(ctx context.Context, subscriber string, after core.Delivery, limit int) ([]core.Delivery, error) {
	at := bson.NewDateTimeFromTime(after.DeadAt)
	behind := bson.D{{Key: "subscriber", Value: subscriber}, {Key: "$or", Value: bson.A{
		bson.D{{Key: deadField, Value: bson.D{{Key: "$gt", Value: at}}}},
		bson.D{{Key: deadField, Value: at}, {Key: "event", Value: bson.D{{Key: "$gt", Value: after.Event.ID}}}},
	}}}
	found, err := s.findDeliveries(ctx, behind, bson.D{{Key: deadField, Value: 1}, {Key: "event", Value: 1}}, limit)
	return found, s.failed("list the dead letters", err)
}

// Replay lets dead letters wait for their delivery again, as if nothing had
// been tried, and says how many there were. They are due from when they died.
func (s *Store) Replay(ctx context.Context, subscriber string, events []string) (int, error) {
	result, err := s.deliveries().UpdateMany(ctx, dead(subscriber, events), driver.Pipeline{
		{{Key: "$set", Value: bson.D{{Key: "due", Value: "$" + deadField}, {Key: "attempts", Value: 0}, {Key: liveField, Value: true}}}},
		{{Key: "$unset", Value: bson.A{deadField, "error"}}},
	})
	if err != nil {
		return 0, s.writeFailed("replay dead letters", err)
	}
	return int(result.ModifiedCount), nil
}

// Discard removes dead letters and says how many there were.
func (s *Store) Discard(ctx context.Context, subscriber string, events []string) (int, error) {
	result, err := s.deliveries().DeleteMany(ctx, dead(subscriber, events))
	if err != nil {
		return 0, s.writeFailed("discard dead letters", err)
	}
	return int(result.DeletedCount), nil
}

// dead selects those of the deliveries that are dead letters.
func dead(subscriber string, events []string) bson.D {
	return append(these(subscriber, events), bson.E{Key: deadField, Value: bson.D{{Key: "$exists", Value: true}}})
}

// Backlog counts what lies ready for each subscriber that has anything.
func (s *Store) Backlog(ctx context.Context) ([]core.Backlog, error) {
	ifLive := func(then, otherwise any) bson.D {
		return bson.D{{Key: "$cond", Value: bson.A{"$" + liveField, then, otherwise}}}
	}
	cursor, err := s.deliveries().Aggregate(ctx, driver.Pipeline{
		{{Key: "$group", Value: bson.D{
			{Key: idField, Value: "$subscriber"},
			{Key: "waiting", Value: bson.D{{Key: "$sum", Value: ifLive(1, 0)}}},
			{Key: "dead", Value: bson.D{{Key: "$sum", Value: ifLive(0, 1)}}},
			{Key: "due", Value: bson.D{{Key: "$min", Value: ifLive("$due", nil)}}},
			{Key: "error", Value: bson.D{{Key: "$max", Value: ifLive("$error", nil)}}},
		}}},
		{{Key: "$sort", Value: bson.D{{Key: idField, Value: 1}}}},
	})
	if err != nil {
		return nil, s.failed("count the deliveries", err)
	}
	backlogs, err := all(ctx, cursor, func(raw bson.Raw) (core.Backlog, error) {
		var d struct {
			Subscriber    string `bson:"_id"`
			Waiting, Dead int
			Due           time.Time
			Error         string
		}
		err := bson.Unmarshal(raw, &d)
		b := core.Backlog{Subscriber: d.Subscriber, Waiting: d.Waiting, Dead: d.Dead, LastError: d.Error}
		if d.Waiting > 0 {
			b.OldestDue = d.Due.UTC()
		}
		return b, err
	})
	return backlogs, s.failed("count the deliveries", err)
}
