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

// of is the planner of the page of one key.
func (p *planner) of(key string) *planner {
	one := *p
	one.selected = allOf(p.selected, of(p.query.Per, key))
	return &one
}

// pages reads one page for each key of the query: a union of small queries, each
// of which ends after its page. To rank the records of all keys in one pass would
// read every one of them, however many a key has.
func (p *planner) pages(ctx context.Context) ([]*core.Record, error) {
	per := *p.query.Per
	one := p.of(per.Keys[0])
	each := func(key string) driver.Pipeline {
		return driver.Pipeline{
			{{Key: "$match", Value: allOf(p.selected, p.after, of(&per, key))}},
			{{Key: "$sort", Value: p.order}},
			{{Key: "$limit", Value: p.query.First}},
		}
	}
	var large []string
	if !one.served() {
		// What a key has is sorted, if it is not too much.
		most := max(1, p.farthest/10)
		counts, err := p.Count(ctx, p.e, core.Query{Deleted: true, Per: &per}, most)
		if err != nil {
			return nil, err
		}
		per.Keys = nil
		for _, key := range p.query.Per.Keys {
			if counts[key] < most {
				per.Keys = append(per.Keys, key)
			} else {
				large = append(large, key)
			}
		}
		each = func(key string) driver.Pipeline {
			return within(of(&per, key), 2*most, allOf(p.selected, p.after), p.order, p.query.First)
		}
	}
	records, err := p.joined(ctx, &per, each)
	slices.Sort(large)
	for _, key := range slices.Compact(large) {
		if err != nil {
			return nil, err
		}
		var page []*core.Record
		page, err = p.of(key).page(ctx)
		records = append(records, page...)
	}
	return records, err
}

// joined reads the pages of all keys with as few commands as take them.
func (p *planner) joined(ctx context.Context, per *core.Per, each func(key string) driver.Pipeline) ([]*core.Record, error) {
	chunks, err := keyChunks(per, allOf(p.selected, p.after))
	if err != nil {
		return nil, err
	}
	reads := p.query.Reads()
	records, errs := make([][]*core.Record, len(chunks)), make([]error, len(chunks))
	inParallel(len(chunks), func(i int) {
		cursor, err := p.collection(p.e).Aggregate(ctx, union(p.e, chunks[i], func(key string) driver.Pipeline {
			return append(each(key), bson.D{{Key: "$project", Value: projection(reads)}})
		}))
		records[i], errs[i] = p.read(ctx, p.e, cursor, err, reads != nil)
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
