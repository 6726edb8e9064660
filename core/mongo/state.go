package mongo

import (
	"context"
	"errors"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// stateIndexes let the server sweep what has expired.
func stateIndexes() []driver.IndexModel {
	return []driver.IndexModel{{
		Keys:    bson.D{{Key: "expires", Value: 1}},
		Options: options.Index().SetName("expires").SetExpireAfterSeconds(0),
	}}
}

// never is when a value expires that does not.
func never() time.Time { return time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC) }

func (s *Store) state() collection { return s.in(stateCollection) }

// State returns a value that a plugin has put, and its version; 0 when there
// is none, or none any more.
func (s *Store) State(ctx context.Context, plugin, key string) (value []byte, version int64, err error) {
	var d struct {
		Value   []byte
		Version int64
	}
	err = s.state().FindOne(ctx, append(bson.D{{Key: idField, Value: ownID(plugin, key)}}, unexpired()...)).Decode(&d)
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil, 0, nil
	}
	return d.Value, d.Version, s.failed("read the state", err)
}

// PutState stores a value and returns its version, which is greater than all
// before it, also than those of a value that was deleted. ifVersion is the
// version that it must replace: 0 for none, core.AnyVersion for whatever there
// is; otherwise it is a Conflict. A value that expires is gone from then on;
// the zero time is never.
func (s *Store) PutState(ctx context.Context, plugin, key string, value []byte, ifVersion int64, expires time.Time) (int64, error) {
	if err := core.CheckState(key, value); err != nil {
		return 0, err
	}
	if expires.IsZero() {
		expires = never()
	}
	set := bson.D{{Key: "$set", Value: bson.D{
		{Key: "value", Value: literal(append([]byte{}, value...))},
		{Key: "size", Value: literal(int64(len(key) + len(value)))},
		{Key: "expires", Value: literal(expires)},
		{Key: "version", Value: later("$version")},
	}}}
	var d struct{ Version int64 }
	put := func() error {
		return s.state().FindOneAndUpdate(ctx, ofVersion(plugin, key, ifVersion), bson.A{set},
			options.FindOneAndUpdate().SetUpsert(ifVersion == 0 || ifVersion == core.AnyVersion).SetReturnDocument(options.After).SetProjection(bson.D{{Key: "version", Value: 1}})).Decode(&d)
	}
	var err error
	if ifVersion == 0 {
		err = put() // where there is a value, it cannot be inserted
	} else {
		err = again(ctx, isForestalled, put)
	}
	if errors.Is(err, driver.ErrNoDocuments) || ifVersion == 0 && isDuplicate(err) {
		return 0, core.StateConflict(key)
	}
	return d.Version, s.writeFailed("put the state", err)
}

// DeleteState deletes a value. ifVersion is as for PutState; with
// core.AnyVersion there need be none.
func (s *Store) DeleteState(ctx context.Context, plugin, key string, ifVersion int64) error {
	if ifVersion == 0 {
		_, version, err := s.State(ctx, plugin, key)
		if err == nil && version != 0 {
			err = core.StateConflict(key)
		}
		return err
	}
	result, err := s.state().DeleteOne(ctx, ofVersion(plugin, key, ifVersion))
	if err == nil && result.DeletedCount == 0 && ifVersion != core.AnyVersion {
		return core.StateConflict(key)
	}
	return s.writeFailed("delete the state", err)
}

// StateSize returns how many bytes the keys and values of a plugin have.
func (s *Store) StateSize(ctx context.Context, plugin string) (int64, error) {
	cursor, err := s.state().Aggregate(ctx, bson.A{
		bson.D{{Key: "$match", Value: append(ownIDs(plugin, ""), unexpired()...)}},
		bson.D{{Key: "$group", Value: bson.D{{Key: idField, Value: nil}, {Key: "size", Value: bson.D{{Key: "$sum", Value: "$size"}}}}}},
	})
	if err != nil {
		return 0, s.failed("measure the state", err)
	}
	sizes, err := all(ctx, cursor, func(raw bson.Raw) (int64, error) { return raw.Lookup("size").AsInt64(), nil })
	if err != nil || len(sizes) == 0 {
		return 0, s.failed("measure the state", err)
	}
	return sizes[0], nil
}

// unexpired selects what the server has to sweep later.
func unexpired() bson.D {
	return bson.D{{Key: "expires", Value: bson.D{{Key: "$gt", Value: time.Now()}}}}
}

// ofVersion selects a value by the version that it must have. For none it
// selects what has expired.
func ofVersion(plugin, key string, version int64) bson.D {
	id := bson.D{{Key: idField, Value: ownID(plugin, key)}}
	switch version {
	case core.AnyVersion:
		return id
	case 0:
		return append(id, bson.E{Key: "expires", Value: bson.D{{Key: "$lte", Value: time.Now()}}})
	default:
		return append(append(id, bson.E{Key: "version", Value: version}), unexpired()...)
	}
}
