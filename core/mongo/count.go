package mongo

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// Count returns how many records a query selects, but counts no further than
// limit: for each key of q.Per, or for the key "".
func (s *Store) Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error) {
	selected, err := selection(q)
	if err != nil || limit <= 0 || q.Per != nil && len(q.Per.Keys) == 0 {
		return map[string]int{}, err
	}
	keys := []string{""}
	if q.Per != nil {
		keys = q.Per.Keys
	}
	cursor, err := s.collection(e).Aggregate(ctx, union(e, keys, func(key string) driver.Pipeline {
		match := selected
		if q.Per != nil {
			match = allOf(selected, of(q.Per, key))
		}
		return driver.Pipeline{
			{{Key: "$match", Value: match}},
			{{Key: "$limit", Value: limit}},
			{{Key: "$group", Value: bson.D{{Key: "_id", Value: bson.D{{Key: "$literal", Value: key}}}, {Key: "n", Value: bson.D{{Key: "$sum", Value: int64(1)}}}}}},
		}
	}))
	if err != nil {
		return nil, s.failed("count "+e.Plural, err)
	}
	counts := map[string]int{}
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		counts[raw.Lookup("_id").StringValue()] = int(raw.Lookup("n").AsInt64())
		return struct{}{}, nil
	})
	return counts, s.failed("count "+e.Plural, err)
}
