package mongo

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// registryDocument is what is kept of a plugin, or of an instance.
type registryDocument struct {
	ID         string `bson:"_id"`
	Generation int64  `bson:"generation"`
	Document   []byte `bson:"document"` // JSON
}

func (s *Store) plugins() collection   { return s.in(pluginsCollection) }
func (s *Store) instances() collection { return s.in(instancesCollection) }

// Registrations lists what is known of plugins, by name, but for those that are
// at the generation known of them.
func (s *Store) Registrations(ctx context.Context, known map[string]int64) ([]core.Registration, error) {
	but := bson.A{}
	for name, generation := range known {
		but = append(but, bson.D{{Key: idField, Value: name}, {Key: "generation", Value: generation}})
	}
	filter := bson.D{}
	if len(but) > 0 {
		filter = bson.D{{Key: "$nor", Value: but}}
	}
	cursor, err := s.plugins().Find(ctx, filter, options.Find().SetSort(bson.D{{Key: idField, Value: 1}}))
	if err != nil {
		return nil, s.failed("read the plugins in force", err)
	}
	list, err := all(ctx, cursor, func(raw bson.Raw) (r core.Registration, err error) {
		var d registryDocument
		if err = bson.Unmarshal(raw, &d); err == nil {
			err = json.Unmarshal(d.Document, &r)
		}
		r.Plugin, r.Generation = d.ID, d.Generation
		return r, err
	})
	return list, s.failed("read the plugins in force", err)
}

// Register stores a registration in the place of the one of the generation before,
// and says whether that one was there.
func (s *Store) Register(ctx context.Context, r core.Registration) (bool, error) {
	document, err := json.Marshal(r)
	if err != nil {
		return false, err
	}
	if r.Generation == 1 {
		_, err := s.plugins().InsertOne(ctx, registryDocument{r.Plugin, 1, document})
		if isDuplicate(err) {
			return false, nil
		}
		return err == nil, s.writeFailed("register the plugin "+r.Plugin, err)
	}
	result, err := s.plugins().ReplaceOne(ctx, bson.D{{Key: idField, Value: r.Plugin}, {Key: "generation", Value: r.Generation - 1}},
		registryDocument{r.Plugin, r.Generation, document})
	if err != nil {
		return false, s.writeFailed("register the plugin "+r.Plugin, err)
	}
	return result.MatchedCount == 1, nil
}

// Attend notes that an instance runs, for ttl from now on the clock of the server.
func (s *Store) Attend(ctx context.Context, p core.Presence, ttl time.Duration) error {
	document, err := json.Marshal(p)
	if err != nil {
		return err
	}
	note := bson.D{{Key: "$set", Value: bson.D{
		{Key: "until", Value: bson.D{{Key: "$add", Value: bson.A{serverNow, ttl.Milliseconds()}}}},
		{Key: "gone", Value: false},
		{Key: "document", Value: literal(document)},
	}}}
	err = again(ctx, isForestalled, func() error {
		return s.instances().FindOneAndUpdate(ctx, bson.D{{Key: idField, Value: p.Instance}}, bson.A{note}, options.FindOneAndUpdate().SetUpsert(true)).Err()
	})
	if errors.Is(err, driver.ErrNoDocuments) { // it is the first time
		err = nil
	}
	return s.failed("note that the instance runs", err)
}

// Present lists the instances that run, by their ids, and forgets the others. Not
// every engine has its clock in what is read, or in what is written to many.
func (s *Store) Present(ctx context.Context) ([]core.Presence, error) {
	cursor, err := s.instances().Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: idField, Value: 1}}))
	if err != nil {
		return nil, s.failed("read which instances run", err)
	}
	noted, err := all(ctx, cursor, func(raw bson.Raw) (d registryDocument, err error) { return d, bson.Unmarshal(raw, &d) })
	if err != nil {
		return nil, s.failed("read which instances run", err)
	}
	var list []core.Presence
	for _, d := range noted {
		p := core.Presence{Instance: d.ID}
		gone, err := s.gone(ctx, d.ID)
		if err == nil && !gone {
			err = json.Unmarshal(d.Document, &p)
			list = append(list, p)
		}
		if err != nil {
			return nil, s.failed("read which instances run", err)
		}
	}
	return list, nil
}

// gone says whether nothing was heard of an instance for too long, and then
// forgets it.
func (s *Store) gone(ctx context.Context, instance string) (bool, error) {
	late := bson.D{{Key: "$set", Value: bson.D{{Key: "gone", Value: bson.D{{Key: "$lte", Value: bson.A{"$until", serverNow}}}}}}}
	var now struct{ Gone bool }
	err := s.instances().FindOneAndUpdate(ctx, bson.D{{Key: idField, Value: instance}}, bson.A{late}, options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&now)
	switch {
	case errors.Is(err, driver.ErrNoDocuments):
		return true, nil
	case err == nil && now.Gone:
		_, err = s.instances().DeleteOne(ctx, bson.D{{Key: idField, Value: instance}, {Key: "gone", Value: true}})
	}
	return now.Gone, err
}

// Leave notes that an instance does not run any more.
func (s *Store) Leave(ctx context.Context, instance string) error {
	_, err := s.instances().DeleteOne(ctx, bson.D{{Key: idField, Value: instance}})
	return s.writeFailed("note that the instance has ended", err)
}

// Remaining counts the records that are stored under the name of an entity, deleted
// ones too, whether or not a model has it.
func (s *Store) Remaining(ctx context.Context, entity string) (int64, error) {
	n, err := s.in(entity).CountDocuments(ctx, isRecord()) // an estimate may be none where there are some
	return n, s.failed("count what is left of "+entity, err)
}
