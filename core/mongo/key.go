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

// keyDocument is a key as it is stored.
type keyDocument struct {
	ID        string    `bson:"_id"`
	Hash      string    `bson:"hash"`
	Name      string    `bson:"name"`
	Roles     []string  `bson:"roles,omitempty"`
	Party     string    `bson:"party,omitempty"`
	CreatedAt time.Time `bson:"createdAt"`
	CreatedBy string    `bson:"createdBy"`
}

func (d keyDocument) key() core.Key {
	k := core.Key(d)
	k.CreatedAt = k.CreatedAt.UTC()
	return k
}

func keyIndexes() []driver.IndexModel {
	return []driver.IndexModel{{
		Keys:    bson.D{{Key: "hash", Value: 1}},
		Options: options.Index().SetName("hash").SetUnique(true),
	}}
}

func (s *Store) keys() *driver.Collection { return s.db.Collection(keysCollection) }

// SaveKey stores a key, or replaces the one with its id.
func (s *Store) SaveKey(ctx context.Context, k core.Key) error {
	_, err := s.keys().ReplaceOne(ctx, bson.D{{Key: idField, Value: k.ID}}, keyDocument(k), options.Replace().SetUpsert(true))
	return s.writeFailed("save the key", err)
}

// KeyByHash returns the key with this hash, or nil when there is none.
func (s *Store) KeyByHash(ctx context.Context, hash string) (*core.Key, error) {
	var d keyDocument
	err := s.keys().FindOne(ctx, bson.D{{Key: "hash", Value: hash}}).Decode(&d)
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil, nil
	}
	if err != nil {
		return nil, s.failed("find the key", err)
	}
	k := d.key()
	return &k, nil
}

// Keys lists all keys by their ids.
func (s *Store) Keys(ctx context.Context) ([]core.Key, error) {
	cursor, err := s.keys().Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: idField, Value: 1}}))
	if err != nil {
		return nil, s.failed("list the keys", err)
	}
	keys, err := all(ctx, cursor, func(raw bson.Raw) (core.Key, error) {
		var d keyDocument
		err := bson.Unmarshal(raw, &d)
		return d.key(), err
	})
	return keys, s.failed("list the keys", err)
}

// RemoveKey removes the key with this id and says whether there was one.
func (s *Store) RemoveKey(ctx context.Context, id string) (bool, error) {
	result, err := s.keys().DeleteOne(ctx, bson.D{{Key: idField, Value: id}})
	if err != nil {
		return false, s.writeFailed("remove the key", err)
	}
	return result.DeletedCount > 0, nil
}
