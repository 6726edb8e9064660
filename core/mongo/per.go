package mongo

import (
	"context"
	"errors"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// unionKeys is how many keys one command serves at most. A page of parents usually
// fits; DocumentDB's planner takes time that grows with the square of it.
const unionKeys = 20

// of selects the records that belong to a key.
func of(p *core.Per, key string) bson.D {
	return bson.D{{Key: translator{root: true}.path(p.Path), Value: key}}
}

// ofAny selects the records that belong to any of the keys.
func ofAny(p *core.Per) bson.D {
	return bson.D{{Key: translator{root: true}.path(p.Path), Value: bson.D{{Key: "$in", Value: p.Keys}}}}
}

// pages reads one page for each key of q.Per: a union of small queries, each
// of which reads an index and ends after its page. To rank the records of all
// keys in one pass would read every one of them, however many a key has.
func (s *Store) pages(ctx context.Context, e *schema.Entity, q core.Query, selected, sort bson.D) ([]*core.Record, error) {
	chunks, err := keyChunks(q.Per, selected)
	if err != nil {
		return nil, err
	}
	reads := q.Reads()
	records, errs := make([][]*core.Record, len(chunks)), make([]error, len(chunks))
	inParallel(len(chunks), func(i int) {
		cursor, err := s.collection(e).Aggregate(ctx, union(e, chunks[i], func(key string) driver.Pipeline {
			return driver.Pipeline{
				{{Key: "$match", Value: allOf(selected, of(q.Per, key))}},
				{{Key: "$sort", Value: sort}},
				{{Key: "$limit", Value: q.First}},
				{{Key: "$project", Value: projection(reads)}},
			}
		}))
		records[i], errs[i] = s.read(ctx, e, cursor, err, reads != nil)
	})
	return slices.Concat(records...), errors.Join(errs...)
}

// keyChunks parts the keys among commands.
func keyChunks(p *core.Per, selected bson.D) ([][]string, error) {
	room, err := keysAtOnce(selected)
	if err != nil {
		return nil, err
	}
	keys := slices.Clone(p.Keys)
	slices.Sort(keys)
	return slices.Collect(slices.Chunk(slices.Compact(keys), room)), nil
}

// union runs one pipeline for each key over the entity's collection. There
// must be at least one key.
func union(e *schema.Entity, keys []string, each func(key string) driver.Pipeline) driver.Pipeline {
	joined := each(keys[0])
	for _, key := range keys[1:] {
		joined = append(joined, bson.D{{Key: "$unionWith", Value: bson.D{
			{Key: "coll", Value: e.Stored().Name},
			{Key: "pipeline", Value: each(key)},
		}}})
	}
	return joined
}

// inOneOrder sorts the pages of all keys into one and keeps a record that
// stands on several of them once. That is what makes the first results that
// have a key its page, wherever else they stand.
func inOneOrder(records []*core.Record, keys []sortKey) []*core.Record {
	slices.SortFunc(records, func(a, b *core.Record) int {
		for _, k := range keys {
			if order := k.compare(a, b); order != 0 {
				return order
			}
		}
		return 0
	})
	return slices.CompactFunc(records, func(a, b *core.Record) bool { return a.ID == b.ID })
}
