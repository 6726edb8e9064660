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
	if records, whole, err := s.byIDs(ctx, e, q); whole || err != nil {
		return records, err
	}
	if err := s.seenWhole(ctx); err != nil {
		return nil, err
	}
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
	p, keys, err := s.planner(e, q)
	if err != nil {
		return nil, err
	}
	switch {
	case q.First < 0 && q.Per != nil:
		return s.page(ctx, e, allOf(p.selected, p.after, ofAny(q.Per)), p.order, q.First, q.Reads())
	case q.First < 0:
		return p.plainly(ctx)
	case q.Per == nil:
		return p.page(ctx)
	case len(q.Per.Keys) == 1:
		return p.of(q.Per.Keys[0]).page(ctx)
	}
	records, err := p.pages(ctx)
	if q.Per.InList {
		records = inOneOrder(records, keys)
	}
	return records, err
}

// planner knows what a query selects, from which position on, and in which order.
func (s *Store) planner(e *schema.Entity, q core.Query) (*planner, []sortKey, error) {
	selected, err := s.selection(e, q)
	if err != nil {
		return nil, nil, err
	}
	keys, position := sortKeys(q, s.collation), bson.D{}
	if q.After != nil {
		if position, err = after(keys, q.After); err != nil {
			return nil, nil, err
		}
	}
	return &planner{Store: s, e: e, query: q, indexes: s.declaredOf(e.Stored().Name), selected: selected, after: position, order: sortBy(keys)}, keys, nil
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
	records, err := all(ctx, cursor, taking(ctx, e, partial))
	return records, s.failed("read "+e.Plural, err)
}

// taking decodes what a request holds from then on.
func taking(ctx context.Context, e *schema.Entity, partial bool) func(bson.Raw) (*core.Record, error) {
	name, request := e.Stored().Name, budget.From(ctx)
	return func(raw bson.Raw) (*core.Record, error) {
		r, err := decodeRecord(name, raw)
		if err != nil {
			return nil, err
		}
		r.Partial = partial
		return r, request.Take(r.Size())
	}
}

// selection is what a query selects, page and Per aside.
func (s *Store) selection(e *schema.Entity, q core.Query) (bson.D, error) {
	filter, err := where(s.keyedIn(e, q))
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
	if q.Deleted {
		parts = append(parts, isRecord())
	} else {
		parts = append(parts, bson.D{{Key: liveField, Value: true}})
	}
	return allOf(parts...), nil
}
