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

	ExpiresAt  time.Time `bson:"expiresAt,omitempty"`
	LastUsedAt time.Time `bson:"lastUsedAt,omitempty"`
}

func (d keyDocument) key() core.Key {
	k := core.Key(d)
	k.CreatedAt, k.ExpiresAt, k.LastUsedAt = k.CreatedAt.UTC(), k.ExpiresAt.UTC(), k.LastUsedAt.UTC()
	return k
}

func keyIndexes() []driver.IndexModel {
	return []driver.IndexModel{{
		Keys:    bson.D{{Key: "hash", Value: 1}},
		Options: options.Index().SetName("hash").SetUnique(true),
	}}
}

func (s *Store) keys() collection { return s.in(keysCollection) }

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

// KeyUsed notes when a key was used, unless a later time is noted already. Of a key
// that is gone nothing is noted.
func (s *Store) KeyUsed(ctx context.Context, id string, at time.Time) error {
	_, err := s.keys().UpdateOne(ctx, bson.D{{Key: idField, Value: id}}, bson.D{{Key: "$max", Value: bson.D{{Key: "lastUsedAt", Value: at}}}})
	return s.writeFailed("note the use of the key", err)
}

// RemoveKey removes the key with this id and says whether there was one.
func (s *Store) RemoveKey(ctx context.Context, id string) (bool, error) {
	result, err := s.keys().DeleteOne(ctx, bson.D{{Key: idField, Value: id}})
	if err != nil {
		return false, s.writeFailed("remove the key", err)
	}
	return result.DeletedCount > 0, nil
}
