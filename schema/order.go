package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Order is one key of a sort. Missing values come first ascending and last
// descending; texts sort by their bytes, unless it is Collated.
type Order struct {
	Path       string // storage path
	Field      *Field // the leaf, for its type
	Descending bool
	Collated   bool // by the keys of the site's Collation: Collates holds for the path
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
	return e.OrderAt(path, descending), nil
}

// OrderAt is the key of a sort by what SortPath returned.
func (e *Entity) OrderAt(path string, descending bool) Order {
	leaf, _ := e.At(path)
	return Order{Path: path, Field: leaf, Descending: descending, Collated: e.Stored().Collates(path)}
}

// Collates says whether records of a stored entity sort by what is at a path as
// people sort names: a text of the record itself, or of one of its roles. What is
// made to be compared, such as numbers, codes and addresses, sorts by its bytes.
func (e *Entity) Collates(path string) bool {
	name, _, inside := strings.Cut(path, ".")
	holder := e.Field(name)
	if holder == nil || inside && e.RoleIn(holder) == "" {
		return false
	}
	leaf, inList := e.At(path)
	return leaf != nil && leaf.Type == "text" && !IsSystem(path) && !inList
}

// Collated lists the storage paths of a stored entity for which a store keeps sort
// keys: those by which records, or those that hold one of its roles, can be sorted and
// that Collates holds for.
func (e *Entity) Collated(roles []*Entity) []string {
	var paths []string
	for _, view := range append([]*Entity{e}, roles...) {
		for _, f := range view.Fields {
			if path := view.SortPath(f); path != "" && e.Collates(path) {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
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
func ComparePositions(by *Collation, order []Order, a, b []any) int {
	descends := false
	for i, o := range order {
		if n := o.Compare(by, a[i], b[i]); n != 0 {
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

// Compare puts two values in the order of the key as if it were ascending, a missing
// one first. Without a Collation all texts go by their bytes.
func (o Order) Compare(by *Collation, a, b any) int {
	collated := o.Collated && by != nil
	if collated {
		a, b = OnlyText(a), OnlyText(b)
	}
	switch {
	case a == nil || b == nil:
		return cmp.Compare(given(a), given(b))
	case collated:
		return by.Compare(a.(string), b.(string))
	}
	return o.Field.Kind().Compare(a, b)
}

// OnlyText is a value that is a text, or nil: what was stored when a field was of
// another type has no sort key.
func OnlyText(value any) any {
	if _, isText := value.(string); isText {
		return value
	}
	return nil
}

func given(value any) int {
	if value == nil {
		return 0
	}
	return 1
}
