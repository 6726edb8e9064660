package schema

import (
	"fmt"
	"slices"
)

// MaxText is how many bytes a text may have that is written, unless the max of
// its field says how many characters.
const MaxText = 1 << 20

// CheckLength names the texts that are longer than MaxText. What before has at
// the same place is left alone, in a list at whatever index: it was stored when
// nothing or another max bounded it, and does not keep the rest from being
// written. Both are canonical; before is nil where there is none.
func (e *Entity) CheckLength(before, after map[string]any) (violations Violations) {
	for _, f := range e.Stored().Fields {
		if value := after[f.Name]; hasLong(value) {
			violations = append(violations, tooLong(f, []any{before[f.Name]}, value, f.Name)...)
		}
	}
	return violations
}

// tooLong names the texts of a value that are too long and none of those that
// were there.
func tooLong(f *Field, were []any, value any, at string) (violations Violations) {
	switch v := value.(type) {
	case string:
		if bounded := f.Type == "text" && f.Max != nil; len(v) > MaxText && !bounded && !slices.ContainsFunc(were, func(was any) bool { text, _ := was.(string); return text == v }) {
			return Violations{{
				Field: at, Rule: "max",
				Message:  fmt.Sprintf("must have at most %d bytes, not %d: shorten it, or ask for a max in the definition of the field", MaxText, len(v)),
				Unquoted: fmt.Sprintf("must have at most %d bytes: shorten it, or ask for a max in the definition of the field", MaxText),
			}}
		}
	case []any:
		if f.Of == nil {
			return nil // it was stored when the field was a list
		}
		var items []any
		for _, was := range were {
			list, _ := was.([]any)
			items = append(items, list...)
		}
		for i, item := range v {
			violations = append(violations, tooLong(f.Of, items, item, index(at, i))...)
		}
	case map[string]any:
		for _, sub := range f.Subs() {
			if inner := v[sub.Name]; hasLong(inner) {
				violations = append(violations, tooLong(sub, valuesOf(were, sub.Name), inner, at+"."+sub.Name)...)
			}
		}
	}
	return violations
}

// valuesOf are the values that objects have of a name.
func valuesOf(objects []any, name string) []any {
	values := make([]any, len(objects))
	for i, object := range objects {
		values[i] = Lookup(object, name)
	}
	return values
}

// hasLong says whether there is a text of more than MaxText in a value.
func hasLong(value any) bool {
	switch v := value.(type) {
	case string:
		return len(v) > MaxText
	case []any:
		return slices.ContainsFunc(v, hasLong)
	case map[string]any:
		for _, inner := range v {
			if hasLong(inner) {
				return true
			}
		}
	}
	return false
}
