package mongo

import (
	"fmt"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// sortKey is one key of the order in which a query is read.
type sortKey struct {
	path       string
	field      *schema.Field
	descending bool

	plain string            // the path of the value that a position has
	by    *schema.Collation // what makes the key of it, or nil
}

// sortKeys returns the keys of a query's order, turned round when the query
// reads backwards. The id is the last, in the direction of the key before it,
// so that one index serves both directions. MongoDB sorts a missing value first
// ascending and last descending, which is just the order that core.Order asks for.
func sortKeys(q core.Query, by *schema.Collation) []sortKey {
	keys := make([]sortKey, 0, len(q.OrderBy)+1)
	descending := q.Reverse
	for _, o := range q.OrderBy {
		descending = o.Descending != q.Reverse
		path := translator{root: true}.path(o.Path)
		k := sortKey{path: path, field: o.Field, descending: descending, plain: path}
		if o.Collated {
			k.path, k.by = keyPath(o.Path), by
		}
		keys = append(keys, k)
	}
	return append(keys, sortKey{path: idField, descending: descending, plain: idField})
}

func sortBy(keys []sortKey) bson.D {
	d := make(bson.D, 0, len(keys))
	for _, k := range keys {
		direction := 1
		if k.descending {
			direction = -1
		}
		if !hasKey(d, k.path) {
			d = append(d, bson.E{Key: k.path, Value: direction})
		}
	}
	return d
}

func hasKey(d bson.D, key string) bool {
	for _, e := range d {
		if e.Key == key {
			return true
		}
	}
	return false
}

// after selects what comes after a position: the first key is beyond it, or
// the first is equal and the second beyond, and so on. The first key's range
// stands beside that once more, alone, because that is what lets a server
// start reading an index at the position.
func after(keys []sortKey, position []any) (bson.D, error) {
	if len(position) != len(keys) {
		return nil, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The page's position has %d values, but the order has %d keys. Start again from the first page.", len(position), len(keys))}
	}
	var alternatives []bson.D
	var equal []bson.D
	for i, k := range keys {
		value, err := k.encode(position[i])
		if err != nil {
			return nil, err
		}
		if beyond := k.beyond(value); !isNothing(beyond) {
			alternatives = append(alternatives, allOf(append(equal[:i:i], beyond)...))
		}
		equal = append(equal, bson.D{{Key: k.path, Value: value}})
	}
	first, err := keys[0].encode(position[0])
	if err != nil {
		return nil, err
	}
	return allOf(keys[0].notBefore(first), anyOf(alternatives)), nil
}

func (k sortKey) encode(value any) (any, error) {
	if value == nil || k.field == nil {
		return value, nil
	}
	if k.by != nil {
		text, isText := value.(string)
		if !isText { // it was stored when the field was of another type, and has no key
			return nil, nil
		}
		return k.by.Key(text), nil
	}
	return encode(k.field, value, "", nil) // what lies there may be of another type than the field has now
}

// compare puts two records in the key's order, as MongoDB does.
func (k sortKey) compare(a, b *core.Record) int {
	x, y := k.of(a), k.of(b)
	order := 0
	switch {
	case x == nil || y == nil:
		order = present(x) - present(y)
	case k.path == idField:
		order = strings.Compare(a.ID, b.ID)
	default:
		order = schema.Order{Field: k.field, Collated: k.by != nil}.Compare(k.by, x, y)
	}
	if k.descending {
		return -order
	}
	return order
}

func (k sortKey) of(r *core.Record) any {
	if k.path == idField {
		return r.ID
	}
	if value := r.System(k.plain); value != nil {
		return value
	}
	return schema.Lookup(r.Values, k.plain)
}

func present(value any) int {
	if value == nil {
		return 0
	}
	return 1
}

// beyond selects the values that come after this one in the key's order.
func (k sortKey) beyond(value any) bson.D {
	switch {
	case k.path == idField && k.descending:
		return bson.D{{Key: k.path, Value: bson.D{{Key: "$lt", Value: value}}}}
	case value == nil && k.descending:
		return nothing()
	case value == nil:
		return bson.D{{Key: k.path, Value: bson.D{{Key: "$ne", Value: nil}}}}
	case k.descending:
		return anyOf([]bson.D{
			{{Key: k.path, Value: bson.D{{Key: "$lt", Value: value}}}},
			{{Key: k.path, Value: nil}},
		})
	}
	return bson.D{{Key: k.path, Value: bson.D{{Key: "$gt", Value: value}}}}
}

// notBefore selects this value and those that come after it.
func (k sortKey) notBefore(value any) bson.D {
	switch {
	case k.path == idField: // nothing is equal to an id: beyond alone says it all
		return bson.D{}
	case value == nil && k.descending:
		return bson.D{{Key: k.path, Value: nil}}
	case value == nil:
		return bson.D{}
	case k.descending:
		return bson.D{{Key: k.path, Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gt", Value: value}}}}}}
	}
	return bson.D{{Key: k.path, Value: bson.D{{Key: "$gte", Value: value}}}}
}
