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

func (s *Store) definitions() collection { return s.in(definitionsCollection) }

// Definitions returns those that were kept last.
func (s *Store) Definitions(ctx context.Context) (core.Definitions, error) {
	_, d, err := s.keptDefinitions(ctx)
	return d, s.failed("read the definitions that were served last", err)
}

// keptDefinitions returns those that were kept last, and how often some were kept.
func (s *Store) keptDefinitions(ctx context.Context) (generation int64, d core.Definitions, err error) {
	var kept registryDocument
	err = s.definitions().FindOne(ctx, bson.D{{Key: idField, Value: servedDocument}}).Decode(&kept)
	switch {
	case errors.Is(err, driver.ErrNoDocuments):
		return 0, d, nil
	case err == nil:
		err = json.Unmarshal(kept.Document, &d)
	}
	return kept.Generation, d, err
}

// KeepDefinitions puts what next makes of those that are kept in their place. It asks
// again where another process has kept some meanwhile.
func (s *Store) KeepDefinitions(ctx context.Context, next func(core.Definitions) core.Definitions) error {
	const what = "keep the definitions that are served"
	for {
		generation, kept, err := s.keptDefinitions(ctx)
		if err != nil {
			return s.failed(what, err)
		}
		document, err := json.Marshal(next(kept))
		if err != nil {
			return err
		}
		// Without one of that generation it adds one, unless there is another by now.
		_, err = s.definitions().ReplaceOne(ctx, bson.D{{Key: idField, Value: servedDocument}, {Key: "generation", Value: generation}},
			registryDocument{ID: servedDocument, Generation: generation + 1, Document: document}, options.Replace().SetUpsert(true))
		if !isDuplicate(err) {
			return s.writeFailed(what, err)
		}
	}
}
