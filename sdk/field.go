package sdk

import (
	"context"
	"fmt"
	"reflect"
)

// Field is a computed field that the plugin adds to an entity, its own or
// another's. It is made by Computed.
type Field struct {
	entity  string
	name    string
	doc     string
	of      string
	out     reflect.Type
	resolve func(ctx context.Context, host Host, parents []*Record) ([]any, error)
}

// Computed adds a field to an entity. It is resolved for many parents at once
// and returns one value for each, in the same order; ask the host once for
// all of them. T is the type of one value: int64, string, a struct, *Record or
// []*Record; records need Returns.
func Computed[T any](entity, name string, resolve func(ctx context.Context, host Host, parents []*Record) ([]T, error)) Field {
	f := Field{entity: entity, name: name, out: reflect.TypeFor[T]()}
	if resolve == nil {
		return f
	}
	f.resolve = func(ctx context.Context, host Host, parents []*Record) ([]any, error) {
		typed, err := resolve(ctx, host, parents)
		if err != nil {
			return nil, err
		}
		if len(typed) != len(parents) {
			return nil, fmt.Errorf("%s.%s was resolved to %d values for %d parents; return one for each", entity, name, len(typed), len(parents))
		}
		values := make([]any, len(typed))
		for i, value := range typed {
			values[i] = value
		}
		return values, nil
	}
	return f
}

// Returns says of which entity the records in the value are.
func (f Field) Returns(entity string) Field {
	f.of = entity
	return f
}

// Doc describes the field in the API.
func (f Field) Doc(text string) Field {
	f.doc = text
	return f
}
