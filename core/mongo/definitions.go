package mongo

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// servedDocument is the id of the only document of its collection.
const servedDocument = "served"

func (s *Store) definitions() *driver.Collection { return s.db.Collection(definitionsCollection) }

// Definitions returns those that were kept last.
func (s *Store) Definitions(ctx context.Context) (d core.Definitions, err error) {
	var kept registryDocument
	err = s.definitions().FindOne(ctx, bson.D{{Key: idField, Value: servedDocument}}).Decode(&kept)
	switch {
	case errors.Is(err, driver.ErrNoDocuments):
		return d, nil
	case err == nil:
		err = json.Unmarshal(kept.Document, &d)
	}
	return d, s.failed("read the definitions that were served last", err)
}

// KeepDefinitions puts definitions in the place of those before.
func (s *Store) KeepDefinitions(ctx context.Context, d core.Definitions) error {
	document, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = s.definitions().ReplaceOne(ctx, bson.D{{Key: idField, Value: servedDocument}},
		registryDocument{ID: servedDocument, Document: document}, options.Replace().SetUpsert(true))
	return s.writeFailed("keep the definitions that are served", err)
}
