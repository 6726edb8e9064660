package mongo

import (
	"context"
	"fmt"
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
func (k keptKeys) claimsOf(e *schema.Entity, r *core.Record) bson.A {
	if r == nil || r.Deleted() {
		return nil
	}
	var claims bson.A
	for _, path := range k.unique {
		if value := schema.Lookup(r.Values, path); value != nil {
			claims = append(claims, claim(e, path, value))
		}
	}
	return claims
}

// claim is the text of a claim. Numbers that are equal have the same one, also as former
// versions have stored them.
func claim(e *schema.Entity, path string, value any) string {
	if text, isText := value.(string); isText {
		if f, _ := e.Stored().At(path); f != nil && f.Type == "decimal" && f.Reads(text) {
			value = schema.Decimal(text)
		}
	}
	return fmt.Sprintf("%s=%v", path, value)
}

// claimed is what the document of a record sets for its claims, and what it must not have.
func (k keptKeys) claimed(e *schema.Entity, r *core.Record) (set bson.D, unset []string) {
	if r.Deleted() {
		return nil, []string{claimsField, notedField}
	}
	set = bson.D{{Key: notedField, Value: k.generation}}
	claims := k.claimsOf(e, r)
	if len(claims) == 0 {
		return set, []string{claimsField}
	}
	return append(set, bson.E{Key: claimsField, Value: claims}), nil
}

// holder is who has one of the unique values of a change: which value, and the batch if
// the record is part of one. All is empty for nobody.
type holder struct {
	path   string // of the value
	record string
	waits  waitsFor
}

func (s *Store) holder(ctx context.Context, e *schema.Entity, r *core.Record) (holder, error) {
	return s.holderOf(ctx, e, r, s.keeping(e))
}

func (s *Store) holderOf(ctx context.Context, e *schema.Entity, r *core.Record, keeping keptKeys) (h holder, err error) {
	mine := keeping.claimsOf(e, r)
	if len(mine) == 0 {
		return h, nil
	}
	cursor, err := s.collection(e).Find(ctx,
		bson.D{{Key: claimsField, Value: bson.D{{Key: "$in", Value: mine}}}, {Key: idField, Value: bson.D{{Key: "$ne", Value: r.ID}}}},
		options.Find().SetProjection(bson.D{{Key: claimsField, Value: 1}, {Key: batchField, Value: 1}}))
	if err != nil {
		return h, s.failed("look for who has a unique value of "+e.Name, err)
	}
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		id := raw.Lookup(idField).StringValue()
		if batch, is := raw.Lookup(batchField).StringValueOK(); is {
			h.waits = waitsFor{batch, id}
		}
		for _, one := range claimsIn(raw) {
			if slices.Contains(mine, any(one)) {
				h.path, _, _ = strings.Cut(one, "=")
				h.record = id
			}
		}
		return struct{}{}, nil
	})
	return h, s.failed("look for who has a unique value of "+e.Name, err)
}

// claimsIn are the claims of a document.
func claimsIn(raw bson.Raw) []string { return textsIn(raw, claimsField) }

func textsIn(raw bson.Raw, field string) []string {
	list, _ := raw.Lookup(field).ArrayOK()
	items, _ := list.Values()
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i], _ = item.StringValueOK()
	}
	return texts
}
