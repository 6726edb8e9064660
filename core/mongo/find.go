package mongo

import (
	"context"
	"regexp"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Find returns the records that a query selects, in its order.
func (s *Store) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	records, err := s.find(ctx, e, q)
	if q.First > 0 && tookTooLong(err) {
		return nil, q.TooFar(e, "more than can be read in "+s.timeout.String(), err)
	}
	return records, err
}

func (s *Store) find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	if q.First == 0 || q.Per != nil && len(q.Per.Keys) == 0 {
		return nil, nil
	}
	var err error
	if q.Filter, err = s.reached(ctx, q.Filter); err != nil {
		return nil, err
	}
	selected, keys, err := plan(q)
	if err != nil {
		return nil, err
	}
	switch {
	case q.Per == nil:
		return s.page(ctx, e, selected, sortBy(keys), q.First, q.Reads())
	case q.First < 0:
		return s.page(ctx, e, allOf(selected, ofAny(q.Per)), sortBy(keys), q.First, q.Reads())
	case len(q.Per.Keys) == 1:
		return s.page(ctx, e, allOf(selected, of(q.Per, q.Per.Keys[0])), sortBy(keys), q.First, q.Reads())
	}
	records, err := s.pages(ctx, e, q, selected, sortBy(keys))
	if q.Per.InList {
		records = inOneOrder(records, keys)
	}
	return records, err
}

// plan is what a query selects from its position on, and in which order.
func plan(q core.Query) (bson.D, []sortKey, error) {
	selected, err := selection(q)
	keys := sortKeys(q)
	if err != nil || q.After == nil {
		return selected, keys, err
	}
	page, err := after(keys, q.After)
	return allOf(selected, page), keys, err
}

func (s *Store) page(ctx context.Context, e *schema.Entity, filter, sort bson.D, first int, reads []string) ([]*core.Record, error) {
	opts := options.Find().SetSort(sort).SetProjection(projection(reads))
	if first > 0 {
		opts.SetLimit(int64(first))
	}
	cursor, err := s.collection(e).Find(ctx, filter, opts)
	return s.read(ctx, e, cursor, err, reads != nil)
}

// read reads what a query has found, unless it failed.
func (s *Store) read(ctx context.Context, e *schema.Entity, cursor *driver.Cursor, err error, partial bool) ([]*core.Record, error) {
	if err != nil {
		return nil, s.failed("find "+e.Plural, err)
	}
	name, request := e.Stored().Name, budget.From(ctx)
	records, err := all(ctx, cursor, func(raw bson.Raw) (*core.Record, error) {
		r, err := decodeRecord(name, raw)
		if err != nil {
			return nil, err
		}
		r.Partial = partial
		return r, request.Take(r.Size())
	})
	return records, s.failed("read "+e.Plural, err)
}

// selection is what a query selects, page and Per aside.
func selection(q core.Query) (bson.D, error) {
	filter, err := where(q.Filter)
	if err != nil {
		return nil, err
	}
	parts := []bson.D{filter}
	for _, alternatives := range q.Search {
		if len(alternatives) == 0 {
			parts = append(parts, nothing()) // MongoDB refuses an empty $or
			continue
		}
		any := make(bson.A, len(alternatives))
		for i, word := range alternatives {
			any[i] = bson.D{{Key: wordsField, Value: bson.D{{Key: "$regex", Value: "^" + regexp.QuoteMeta(word)}}}}
		}
		parts = append(parts, bson.D{{Key: "$or", Value: any}})
	}
	if !q.Deleted {
		parts = append(parts, bson.D{{Key: liveField, Value: true}})
	}
	return allOf(parts...), nil
}
