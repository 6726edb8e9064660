package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Next draws the next number of a counter above after, from 1. A number whose answer is
// lost on the way is never drawn again.
func (s *Store) Next(ctx context.Context, counter string, after int64) (int64, error) {
	var drawn struct{ N int64 }
	counters, named := s.db.Collection(countersCollection), bson.D{{Key: idField, Value: counter}}
	for attempt := 1; ; attempt++ {
		var err error
		if after > 0 {
			_, err = counters.UpdateOne(ctx, named, bson.D{{Key: "$max", Value: bson.D{{Key: "n", Value: after}}}}, options.UpdateOne().SetUpsert(true))
		}
		if err == nil {
			err = counters.FindOneAndUpdate(ctx,
				named,
				bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: int64(1)}}}},
				options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After),
			).Decode(&drawn)
		}
		// Two that draw the first number at once may both try to create the counter.
		if isDuplicate(err) && attempt < 5 {
			continue
		}
		return drawn.N, s.failed("draw the next number of "+counter, err)
	}
}

func isDuplicate(err error) bool { return driver.IsDuplicateKeyError(err) }
