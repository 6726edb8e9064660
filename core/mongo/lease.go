package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// serverNow is the time on the clock of the server, the one that all
// instances share.
const serverNow = "$$NOW"

// leaseIndexes let the server sweep what the dead have left. A lease that has ended is as
// good as none; a while longer it stays lest one that is being renewed is swept.
func leaseIndexes() []driver.IndexModel {
	return []driver.IndexModel{{
		Keys:    bson.D{{Key: "until", Value: 1}},
		Options: options.Index().SetName("until").SetExpireAfterSeconds(int32(time.Hour / time.Second)),
	}}
}

// Acquire takes or renews a lease and says whether holder has it now, for ttl
// from now on the clock of the server: the instances' own clocks may differ.
func (s *Store) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	me := literal(holder)
	mine := bson.D{{Key: "$or", Value: bson.A{
		bson.D{{Key: "$eq", Value: bson.A{bson.D{{Key: "$ifNull", Value: bson.A{"$holder", me}}}, me}}},
		bson.D{{Key: "$lte", Value: bson.A{"$until", serverNow}}},
	}}}
	until := bson.D{{Key: "$add", Value: bson.A{serverNow, ttl.Milliseconds()}}}
	take := bson.D{{Key: "$set", Value: bson.D{
		{Key: "holder", Value: bson.D{{Key: "$cond", Value: bson.A{mine, me, "$holder"}}}},
		{Key: "until", Value: bson.D{{Key: "$cond", Value: bson.A{mine, until, "$until"}}}},
	}}}
	var lease struct{ Holder string }
	err := again(ctx, isForestalled, func() error {
		return s.in(leasesCollection).FindOneAndUpdate(ctx, bson.D{{Key: idField, Value: name}}, bson.A{take},
			options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)).Decode(&lease)
	})
	return err == nil && lease.Holder == holder, s.failed("take the lease "+name, err)
}

// Release gives a lease back, if holder has it.
func (s *Store) Release(ctx context.Context, name, holder string) error {
	_, err := s.in(leasesCollection).DeleteOne(ctx, bson.D{{Key: idField, Value: name}, {Key: "holder", Value: holder}})
	return s.failed("give back the lease "+name, err)
}

// Holders says who has which of some leases now. Those that nobody has are left out.
func (s *Store) Holders(ctx context.Context, names []string) (map[string]string, error) {
	holders := map[string]string{}
	cursor, err := s.in(leasesCollection).Aggregate(ctx, driver.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: names}}}}}},
		// Compared apart: DocumentDB looks in the index of until, and knows no time there.
		{{Key: "$project", Value: bson.D{{Key: "holder", Value: 1}, {Key: "held", Value: bson.D{{Key: "$gt", Value: bson.A{"$until", serverNow}}}}}}},
	})
	if err == nil {
		_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
			var lease struct {
				Name   string `bson:"_id"`
				Holder string
				Held   bool
			}
			err := bson.Unmarshal(raw, &lease)
			if lease.Held {
				holders[lease.Name] = lease.Holder
			}
			return struct{}{}, err
		})
	}
	return holders, s.failed("read who has leases", err)
}

// literal is a value that is no expression, whatever it looks like.
func literal(value any) bson.D { return bson.D{{Key: "$literal", Value: value}} }
