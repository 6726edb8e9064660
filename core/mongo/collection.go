package mongo

import (
	"context"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// collection is one of the driver's whose writes are tried again when a deadlock has ended
// them. DocumentDB locks what a command writes, and what an index compares: of two that wait
// for each other it refuses one, also when each writes one document. The driver's own
// retries are for connections and elections, and do not see that.
//
// All collections of a store come from in, so that no write is without it.
type collection struct{ *driver.Collection }

// How a command makes its writes: one after the other until one is refused, or each by itself.
const (
	inTurn   = true
	anyOrder = false
)

func (s *Store) in(name string) collection { return collection{s.db.Collection(name)} }

func (c collection) InsertOne(ctx context.Context, document any, opts ...options.Lister[options.InsertOneOptions]) (done *driver.InsertOneResult, err error) {
	err = again(ctx, isDeadlock, func() error {
		done, err = c.Collection.InsertOne(ctx, document, opts...)
		return err
	})
	return done, err
}

func (c collection) UpdateOne(ctx context.Context, filter, update any, opts ...options.Lister[options.UpdateOneOptions]) (done *driver.UpdateResult, err error) {
	err = again(ctx, isDeadlock, func() error {
		done, err = c.Collection.UpdateOne(ctx, filter, update, opts...)
		return err
	})
	return done, err
}

func (c collection) UpdateMany(ctx context.Context, filter, update any, opts ...options.Lister[options.UpdateManyOptions]) (done *driver.UpdateResult, err error) {
	err = again(ctx, isDeadlock, func() error {
		done, err = c.Collection.UpdateMany(ctx, filter, update, opts...)
		return err
	})
	return done, err
}

func (c collection) ReplaceOne(ctx context.Context, filter, document any, opts ...options.Lister[options.ReplaceOptions]) (done *driver.UpdateResult, err error) {
	err = again(ctx, isDeadlock, func() error {
		done, err = c.Collection.ReplaceOne(ctx, filter, document, opts...)
		return err
	})
	return done, err
}

func (c collection) DeleteOne(ctx context.Context, filter any, opts ...options.Lister[options.DeleteOneOptions]) (done *driver.DeleteResult, err error) {
	err = again(ctx, isDeadlock, func() error {
		done, err = c.Collection.DeleteOne(ctx, filter, opts...)
		return err
	})
	return done, err
}

func (c collection) DeleteMany(ctx context.Context, filter any, opts ...options.Lister[options.DeleteManyOptions]) (done *driver.DeleteResult, err error) {
	err = again(ctx, isDeadlock, func() error {
		done, err = c.Collection.DeleteMany(ctx, filter, opts...)
		return err
	})
	return done, err
}

func (c collection) FindOneAndUpdate(ctx context.Context, filter, update any, opts ...options.Lister[options.FindOneAndUpdateOptions]) (found *driver.SingleResult) {
	_ = again(ctx, isDeadlock, func() error {
		found = c.Collection.FindOneAndUpdate(ctx, filter, update, opts...)
		return found.Err()
	})
	return found
}

// InsertMany writes new documents.
func (c collection) InsertMany(ctx context.Context, documents []any, ordered bool) error {
	return eachAgain(ctx, documents, ordered, func(documents []any) error {
		_, err := c.Collection.InsertMany(ctx, documents, options.InsertMany().SetOrdered(ordered))
		return err
	})
}

// BulkWrite says how many documents its writes have found and changed, also where some are
// refused.
func (c collection) BulkWrite(ctx context.Context, writes []driver.WriteModel, ordered bool) (matched, modified int64, err error) {
	err = eachAgain(ctx, writes, ordered, func(writes []driver.WriteModel) error {
		done, err := c.Collection.BulkWrite(ctx, writes, options.BulkWrite().SetOrdered(ordered))
		if done != nil {
			matched, modified = matched+done.MatchedCount, modified+done.ModifiedCount
		}
		return err
	})
	return matched, modified, err
}
