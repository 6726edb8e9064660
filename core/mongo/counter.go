package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Next draws the next number of a counter above after, from 1. A number whose answer is
// lost on the way is never drawn again.
func (s *Store) Next(ctx context.Context, counter string, after int64) (int64, error) {
	var drawn struct{ N int64 }
	counters, named := s.in(countersCollection), bson.D{{Key: idField, Value: counter}}
	err := again(ctx, isForestalled, func() error {
		if after > 0 {
			if _, err := counters.UpdateOne(ctx, named, bson.D{{Key: "$max", Value: bson.D{{Key: "n", Value: after}}}}, options.UpdateOne().SetUpsert(true)); err != nil {
				return err
			}
		}
		return counters.FindOneAndUpdate(ctx,
			named,
			bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: int64(1)}}}},
			options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After),
		).Decode(&drawn)
	})
	return drawn.N, s.failed("draw the next number of "+counter, err)
}
