package mongo

import (
	"context"
	"fmt"
	"reflect"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// lying finds what lies in a document at paths that no field has, lists looked
// through. Its canonical form does not say of which BSON type it is, and another
// model asks for that type. nil is for a document that has nothing yet.
type lying func() (map[string][]bson.RawValue, error)

// at returns a value as it lies in the document, or as it is where it does not.
func (l lying) at(path string, value any) (any, error) {
	if l == nil {
		return value, nil
	}
	all, err := l()
	if err != nil {
		return nil, err
	}
	for _, raw := range all[path] {
		if decoded, err := decode(raw); err == nil && reflect.DeepEqual(decoded, value) {
			return raw, nil
		}
	}
	return value, nil
}

// lyingIn reads the document of a record, once and only if it is asked for.
func (s *Store) lyingIn(ctx context.Context, e *schema.Entity, before *core.Record) lying {
	var found map[string][]bson.RawValue
	return func() (map[string][]bson.RawValue, error) {
		if found != nil {
			return found, nil
		}
		document := bson.D{{Key: idField, Value: before.ID}, {Key: versionField, Value: before.Version}}
		raw, err := s.collection(e).FindOne(ctx, document, options.FindOne().SetProjection(bson.D{{Key: journalField, Value: 0}})).Raw()
		if err != nil {
			return nil, fmt.Errorf("read the document of %s %s: %w", e.Name, before.ID, err)
		}
		found = map[string][]bson.RawValue{}
		return found, collectLying(found, raw, "")
	}
}

func collectLying(found map[string][]bson.RawValue, raw bson.Raw, prefix string) error {
	elements, err := raw.Elements()
	if err != nil {
		return err
	}
	for _, element := range elements {
		path := prefix + element.Key()
		if err := collectValue(found, element.Value(), path); err != nil {
			return err
		}
	}
	return nil
}

func collectValue(found map[string][]bson.RawValue, v bson.RawValue, path string) error {
	found[path] = append(found[path], v)
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return collectLying(found, v.Document(), path+".")
	case bson.TypeArray:
		items, err := v.Array().Values()
		if err != nil {
			return err
		}
		for _, item := range items {
			if item.Type == bson.TypeEmbeddedDocument {
				if err := collectLying(found, item.Document(), path+"."); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
