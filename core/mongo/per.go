package mongo

import (
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

func of(p *core.Per, key string) bson.D {
	return bson.D{{Key: translator{root: true}.path(p.Path), Value: key}}
}

// ofAny selects what belongs to any of the keys; everything for nil.
func ofAny(p *core.Per) bson.D {
	if p == nil {
		return bson.D{}
	}
	return bson.D{{Key: translator{root: true}.path(p.Path), Value: bson.D{{Key: "$in", Value: p.Keys}}}}
}

// eachPage reads one page for each key of q.Per in one command: a union of
// small queries, each of which ends after its page. To rank the records of
// all keys in one pass would read every one of them.
func eachPage(e *schema.Entity, q core.Query, selected, sort bson.D) driver.Pipeline {
	return union(e, q.Per.Keys, func(key string) driver.Pipeline {
		p := driver.Pipeline{
			{{Key: "$match", Value: allOf(selected, of(q.Per, key))}},
			{{Key: "$sort", Value: sort}},
		}
		if q.First > 0 {
			p = append(p, bson.D{{Key: "$limit", Value: q.First}})
		}
		return append(p, bson.D{{Key: "$project", Value: withoutInner()}})
	})
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
