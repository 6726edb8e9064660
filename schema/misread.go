package schema

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Misreads yields the parts of a stored value at a path that no field reads, each with
// its path and what is wrong with it: "holds the text x, but must be a whole number".
// What no field knows is left out, since nobody reads it.
func (f *Field) Misreads(at string, value any) iter.Seq2[string, Unread] {
	return func(yield func(string, Unread) bool) { f.misreads(at, f.Known(value), yield) }
}

// Unread is a stored value that its field does not read.
type Unread struct {
	Value  any
	Reason string // completes the path: "holds the text x, but must be a whole number"
}

func (f *Field) misreads(at string, value any, yield func(string, Unread) bool) (on bool) {
	switch v := value.(type) {
	case []any:
		if f.Type != "list" {
			break
		}
		for i, item := range v {
			if !f.Of.misreads(index(at, i), item, yield) || item == nil && !yield(index(at, i), Unread{nil, "holds nothing, but an item must have a value"}) {
				return false
			}
		}
		return true
	case map[string]any:
		if f.Type != "object" && !slices.Contains(composite, f.Type) {
			break
		}
		for _, sub := range f.Subs() {
			if !sub.misreads(at+"."+sub.Name, v[sub.Name], yield) {
				return false
			}
		}
		return true
	}
	return f.Reads(value) || yield(at, Unread{value, fmt.Sprintf("holds %s, but %s", kindly(value), f.wants(value))})
}

// composite are the types whose values are objects of parts that the type knows.
var composite = []string{"money", "phone", "file"}

// wants says what would be right in the place of a value that the field does not read.
func (f *Field) wants(value any) string {
	right, err := f.Kind().Parse(f, value, Scope{Compared: true})
	var rule mismatch
	switch {
	case errors.As(err, &rule):
		return rule.unquoted
	case err == nil && right != nil && f.Reads(right):
		return fmt.Sprintf("must be the %s %s", f.Type, show(right))
	}
	return "must be of type " + f.Type
}

// kindly shows a stored value with the kind that it is of.
func kindly(value any) string {
	switch value.(type) {
	case string:
		return "the text " + show(value)
	case int64:
		return "the number " + show(value)
	}
	return show(value)
}
