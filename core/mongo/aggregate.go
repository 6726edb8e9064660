package mongo

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// Aggregate returns the groups of what a query selects, in its order.
func (s *Store) Aggregate(ctx context.Context, e *schema.Entity, q core.Aggregate) ([]core.Group, error) {
	if err := s.seenWhole(ctx); err != nil {
		return nil, err
	}
	var err error
	if q.Filter, err = s.reached(ctx, q.Filter); err != nil {
		return nil, err
	}
	selected, err := s.selection(e, core.Query{Filter: q.Filter, Search: q.Search, Deleted: q.Deleted})
	if err != nil {
		return nil, err
	}
	groups, err := s.groups(ctx, e, selected, q, wholeSum{})
	if errors.Is(err, errRounded) {
		groups, err = s.groups(ctx, e, selected, q, partSum{})
	}
	if err == nil && len(groups) == 0 && len(q.By) == 0 {
		groups = []core.Group{ofNothing(q)}
	}
	return groups, err
}

func (s *Store) groups(ctx context.Context, e *schema.Entity, selected bson.D, q core.Aggregate, sums summing) ([]core.Group, error) {
	cursor, err := s.collection(e).Aggregate(ctx, grouping(selected, q, sums))
	if err != nil {
		return nil, s.failed("aggregate "+e.Plural, err)
	}
	request := budget.From(ctx)
	groups, err := all(ctx, cursor, func(raw bson.Raw) (core.Group, error) {
		g, err := decodeGroup(raw, q, sums)
		return g, cmp.Or(err, request.Take(g.Size()))
	})
	return groups, s.failed("aggregate "+e.Plural, err)
}

const countField = "n"

// grouping is the pipeline of an aggregate.
func grouping(selected bson.D, q core.Aggregate, sums summing) driver.Pipeline {
	id, order := bson.D{}, bson.D{}
	for i, k := range q.By {
		id = append(id, bson.E{Key: keyField(i), Value: valueAt(k.Path)})
		direction := 1
		if k.Descending {
			direction = -1
		}
		order = append(order, bson.E{Key: idField + "." + keyField(i), Value: direction})
	}
	group := bson.D{{Key: idField, Value: id}, {Key: countField, Value: sumOf(int64(1))}}
	for i, m := range q.Measures {
		for part, accumulator := range accumulators(m, sums) {
			group = append(group, bson.E{Key: measureField(i, part), Value: accumulator})
		}
	}
	pipeline := driver.Pipeline{{{Key: "$match", Value: selected}}}
	if q.Items != "" {
		pipeline = append(pipeline, bson.D{{Key: "$unwind", Value: "$" + q.Items}})
	}
	pipeline = append(pipeline, bson.D{{Key: "$group", Value: group}})
	if len(order) > 0 {
		pipeline = append(pipeline, bson.D{{Key: "$sort", Value: order}})
	}
	return append(pipeline, bson.D{{Key: "$limit", Value: q.Limit}})
}

func valueAt(path string) string { return "$" + translator{root: true}.path(path) }

func keyField(i int) string { return "k" + strconv.Itoa(i) }

func measureField(i, part int) string { return "m" + strconv.Itoa(i) + "_" + strconv.Itoa(part) }

func sumOf(value any) bson.D { return bson.D{{Key: "$sum", Value: value}} }

// accumulators are what the server computes for a measure.
func accumulators(m core.Measure, sums summing) []bson.D {
	value := valueAt(m.Path)
	switch m.Func {
	case core.Count:
		present := bson.D{{Key: "$gt", Value: bson.A{value, nil}}}
		return []bson.D{sumOf(bson.D{{Key: "$cond", Value: bson.A{present, int64(1), int64(0)}}})}
	case core.Sum:
		if m.Field.Type == "integer" { // whose sum could leave 64 bits and become a float
			return sums.of(bson.D{{Key: "$toDecimal", Value: value}})
		}
		return sums.of(value)
	}
	return []bson.D{{{Key: "$" + string(m.Func), Value: value}}}
}

func decodeGroup(raw bson.Raw, q core.Aggregate, sums summing) (core.Group, error) {
	g := core.Group{Keys: make([]any, len(q.By)), Count: raw.Lookup(countField).AsInt64(), Values: make([]any, len(q.Measures))}
	var err error
	for i := range q.By {
		if g.Keys[i], err = decodeAt(raw, idField, keyField(i)); err != nil {
			return g, err
		}
	}
	for i, m := range q.Measures {
		if m.Func == core.Sum {
			g.Values[i], err = sums.read(raw, i)
		} else {
			g.Values[i], err = decodeAt(raw, measureField(i, 0))
		}
		if err != nil {
			return g, err
		}
	}
	return g, nil
}

// decodeAt decodes what stands at a path; nil for nothing.
func decodeAt(raw bson.Raw, path ...string) (any, error) {
	v := raw.Lookup(path...)
	if v.IsZero() {
		return nil, nil
	}
	return decode(v)
}

// ofNothing is the group of all when there is nothing: the server makes none.
func ofNothing(q core.Aggregate) core.Group {
	g := core.Group{Keys: []any{}, Values: make([]any, len(q.Measures))}
	for i, m := range q.Measures {
		if m.Func == core.Count {
			g.Values[i] = int64(0)
		}
	}
	return g
}
