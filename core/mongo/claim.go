package mongo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// claimsOf are the unique values of a record that lives, each with its path. An index
// over a value lets a document have one; a record that a batch is to change has the old
// one and the new one, and that takes a list.
func (s *Store) claimsOf(e *schema.Entity, r *core.Record) bson.A {
	d := s.declaredOf(e.Stored().Name)
	if d == nil || r == nil || r.Deleted() {
		return nil
	}
	var claims bson.A
	for _, path := range slices.Sorted(maps.Keys(d.unique)) {
		if value := schema.Lookup(r.Values, path); value != nil {
			claims = append(claims, claim(path, value))
		}
	}
	return claims
}

func claim(path string, value any) string { return fmt.Sprintf("%s=%v", path, value) }

// holder finds what has one of the unique values of a change: the path of the value, and
// the batch if a record has it that is part of one. Both are empty for nothing.
func (s *Store) holder(ctx context.Context, e *schema.Entity, c core.Change) (holds waitsFor, path string, err error) {
	mine := s.claimsOf(e, c.After)
	if len(mine) == 0 {
		return holds, "", nil
	}
	cursor, err := s.collection(e).Find(ctx,
		bson.D{{Key: claimsField, Value: bson.D{{Key: "$in", Value: mine}}}, {Key: idField, Value: bson.D{{Key: "$ne", Value: c.After.ID}}}},
		options.Find().SetProjection(bson.D{{Key: claimsField, Value: 1}, {Key: batchField, Value: 1}}))
	if err != nil {
		return holds, "", s.failed("look for who has a unique value of "+e.Name, err)
	}
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		if id, is := raw.Lookup(batchField).StringValueOK(); is {
			holds = waitsFor{id, raw.Lookup(idField).StringValue()}
		}
		theirs, _ := raw.Lookup(claimsField).ArrayOK()
		items, err := theirs.Values()
		for _, item := range items {
			if slices.Contains(mine, any(item.StringValue())) {
				path, _, _ = strings.Cut(item.StringValue(), "=")
			}
		}
		return struct{}{}, err
	})
	return holds, path, s.failed("look for who has a unique value of "+e.Name, err)
}

// unclaimed finds the path of a unique value of a change that another living record has
// without a claim: one that an earlier version has written, or that was restored.
func (s *Store) unclaimed(ctx context.Context, e *schema.Entity, c core.Change) (path string, err error) {
	before := s.claimsOf(e, c.Before)
	for _, one := range s.claimsOf(e, c.After) {
		if slices.Contains(before, one) {
			continue
		}
		path, _, _ := strings.Cut(one.(string), "=")
		value, err := s.compared(e, path, schema.Lookup(c.After.Values, path))
		if err != nil {
			return "", err
		}
		n, err := s.collection(e).CountDocuments(ctx, bson.D{
			{Key: path, Value: value}, {Key: liveField, Value: true}, {Key: idField, Value: bson.D{{Key: "$ne", Value: c.After.ID}}},
		}, options.Count().SetLimit(1))
		if err != nil {
			return "", s.failed("look for who has a unique value of "+e.Name, err)
		}
		if n > 0 {
			return path, nil
		}
	}
	return "", nil
}

// compared is a value at the path of a unique index, as it is stored.
func (s *Store) compared(e *schema.Entity, path string, value any) (any, error) {
	f, _ := e.Stored().At(path)
	if f == nil {
		return value, nil
	}
	return encode(f, value, path, nil)
}
