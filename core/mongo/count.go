package mongo

import (
	"context"
	"errors"
	"maps"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// Count returns how many records a query selects, but counts no further than
// limit: for each key of q.Per, or for the key "".
func (s *Store) Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error) {
	if err := s.seenWhole(ctx); err != nil {
		return nil, err
	}
	counts := map[string]int{}
	if limit <= 0 {
		return counts, nil
	}
	var err error
	if q.Filter, err = s.reached(ctx, q.Filter); err != nil {
		return nil, err
	}
	selected, err := s.selection(e, q)
	if err != nil {
		return nil, err
	}
	chunks := [][]string{{""}}
	if q.Per != nil {
		if chunks, err = keyChunks(q.Per, selected); err != nil {
			return nil, err
		}
	}
	found, errs := make([]map[string]int, len(chunks)), make([]error, len(chunks))
	inParallel(len(chunks), func(i int) {
		found[i], errs[i] = s.count(ctx, e, union(e, chunks[i], func(key string) driver.Pipeline {
			match := selected
			if q.Per != nil {
				match = allOf(selected, of(q.Per, key))
			}
			return counted(match, key, limit)
		}))
	})
	for _, some := range found {
		maps.Copy(counts, some)
	}
	return counts, errors.Join(errs...)
}

func (s *Store) count(ctx context.Context, e *schema.Entity, pipeline driver.Pipeline) (map[string]int, error) {
	cursor, err := s.collection(e).Aggregate(ctx, pipeline)
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

// counted counts what is selected, but no further than limit, under a key.
func counted(selected bson.D, key string, limit int) driver.Pipeline {
	return driver.Pipeline{
		{{Key: "$match", Value: selected}},
		{{Key: "$limit", Value: limit}},
		{{Key: "$group", Value: bson.D{
			{Key: "_id", Value: bson.D{{Key: "$literal", Value: key}}},
			{Key: "n", Value: bson.D{{Key: "$sum", Value: int64(1)}}},
		}}},
	}
}
