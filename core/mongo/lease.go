package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// serverNow is the time on the clock of the server, the one that all
// instances share.
const serverNow = "$$NOW"

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
	held := bson.D{
		{Key: idField, Value: bson.D{{Key: "$in", Value: names}}},
		{Key: "$expr", Value: bson.D{{Key: "$gt", Value: bson.A{"$until", serverNow}}}},
	}
	holders := map[string]string{}
	cursor, err := s.in(leasesCollection).Find(ctx, held)
	if err == nil {
		_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
			var lease struct {
				Name   string `bson:"_id"`
				Holder string
			}
			err := bson.Unmarshal(raw, &lease)
			holders[lease.Name] = lease.Holder
			return struct{}{}, err
		})
	}
	return holders, s.failed("read who has leases", err)
}

// literal is a value that is no expression, whatever it looks like.
func literal(value any) bson.D { return bson.D{{Key: "$literal", Value: value}} }
