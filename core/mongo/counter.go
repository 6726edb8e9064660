package mongo

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Next draws the next number of a counter above after, from 1. A number whose answer is
// lost on the way is never drawn again.
func (s *Store) Next(ctx context.Context, counter string, after int64) (int64, error) {
	var drawn struct{ N int64 }
	counters, named := s.db.Collection(countersCollection), bson.D{{Key: idField, Value: counter}}
	err := again(func() error {
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

// again repeats an upsert that another one has forestalled: both may try to
// create the document.
func again(upsert func() error) error {
	for attempt := 1; ; attempt++ {
		if err := upsert(); !isForestalled(err) || attempt == 5 {
			return err
		}
	}
}

// isForestalled says whether an upsert failed because another one has created
// the document meanwhile.
func isForestalled(err error) bool {
	// DocumentDB turns such an upsert into an update, and forgets the time on the way.
	var server driver.ServerError
	return isDuplicate(err) || errors.As(err, &server) && server.HasErrorCodeWithMessage(failedToParse, serverNow)
}

func isDuplicate(err error) bool {
	if driver.IsDuplicateKeyError(err) {
		return true
	}
	// FerretDB calls it an internal error where an upsert is in the way.
	var server driver.ServerError
	return errors.As(err, &server) && server.HasErrorCodeWithMessage(1, "duplicate key value violates unique constraint")
}
