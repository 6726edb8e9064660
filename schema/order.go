package schema

import (
	"cmp"
	"fmt"
	"strings"
)

// Order is one key of a sort. Missing values come first ascending and last
// descending; texts sort by their bytes.
type Order struct {
	Path       string // storage path
	Field      *Field // the leaf, for its type
	Descending bool
}

// SortPath is the storage path by which records are sorted by a field; "" where they
// cannot be: it has no index, or no single value.
func (e *Entity) SortPath(f *Field) string {
	switch {
	case f == nil || !e.CanFilter(f) || f.Type == "object" || f.Type == "list":
		return ""
	case f.Type == "money":
		return f.StoragePath() + ".amount"
	case f.Type == "phone":
		return f.StoragePath() + ".e164"
	}
	return f.StoragePath()
}

// SortKey returns the key of a sort by the field of a name.
func (e *Entity) SortKey(name string, descending bool) (Order, error) {
	path := e.SortPath(e.Field(name))
	if path == "" {
		return Order{}, &Refusal{Code: Invalid, Message: fmt.Sprintf("%s cannot be sorted by %q: it must be a field with an index.", e.Plural, name)}
	}
	leaf, _ := e.At(path)
	return Order{Path: path, Field: leaf, Descending: descending}, nil
}

// Position is where a record lies in a list: its value for each key of the order,
// nil for none, then its id. at returns the value at a storage path, or of a
// system field.
func Position(order []Order, at func(path string) any) []any {
	position := make([]any, 0, len(order)+1)
	for _, o := range order {
		position = append(position, at(o.Path))
	}
	return append(position, at("id"))
}

// ComparePositions says which of two positions comes first. Where all values are
// the same it is the lesser id, or the greater one if the last key descends.
func ComparePositions(order []Order, a, b []any) int {
	descends := false
	for i, o := range order {
		if n := o.Field.compare(a[i], b[i]); n != 0 {
			return inDirection(n, o.Descending)
		}
		descends = o.Descending
	}
	last := len(order)
	x, _ := a[last].(string)
	y, _ := b[last].(string)
	return inDirection(strings.Compare(x, y), descends)
}

func inDirection(n int, descends bool) int {
	if descends {
		return -n
	}
	return n
}

// compare puts missing values first.
func (f *Field) compare(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(given(a), given(b))
	}
	return f.Kind().Compare(a, b)
}

func given(value any) int {
	if value == nil {
		return 0
	}
	return 1
}
