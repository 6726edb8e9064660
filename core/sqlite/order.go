package sqlite

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// sortKey is one key of an order as SQL. SQLite sorts NULL before all values,
// which is where missing values belong.
type sortKey struct {
	path       string
	expression string
	field      *schema.Field
	descending bool
	never      bool // never missing

	plain string            // the path of the value that a position has
	by    *schema.Collation // what makes the key of it, or nil
}

// sortKeys lists the keys of an order with the id as the last.
func (t *table) sortKeys(q core.Query) []sortKey {
	var keys []sortKey
	descending := false
	for _, o := range q.OrderBy {
		descending = o.Descending
		k := sortKey{path: o.Path, field: o.Field, descending: descending != q.Reverse, never: neverMissing(o.Path), plain: o.Path}
		if o.Collated && t.collates(o.Path) {
			k.path, k.by = keyMark+o.Path, t.collation
		}
		k.expression = comparable(valueAt("t.", k.path), o.Field)
		keys = append(keys, k)
	}
	return append(keys, sortKey{path: "id", expression: "t.id", descending: descending != q.Reverse, never: true, plain: "id"})
}

// bound is a value of a position as the key's expression has it.
func (k sortKey) bound(value any) any {
	if text, isText := value.(string); isText && k.by != nil {
		return k.by.Key(text)
	}
	return bound(value, k.field)
}

func orderBy(keys []sortKey) string {
	columns := make([]string, len(keys))
	for i, k := range keys {
		columns[i] = k.expression
		if k.descending {
			columns[i] += " DESC"
		}
	}
	return " ORDER BY " + strings.Join(columns, ", ")
}

// part is a stretch of an order: a condition, and the keys that still vary
// within it.
type part struct {
	condition string
	keys      []sortKey
}

// after takes what comes after a position apart: all that equals it in all
// keys but the last and is beyond it there, then all that equals it in all but
// two, and so on. The parts follow each other, and each is one range of an
// index that has these keys.
func (s *statement) after(keys []sortKey, position []any) []part {
	if position == nil {
		return []part{{"", keys}}
	}
	if len(position) != len(keys) {
		return []part{{s.fail("the position has %d values, the order %d keys", len(position), len(keys)), keys}}
	}
	position = keyed(keys, position)
	var parts []part
	for i := len(keys) - 1; i >= 0; i-- {
		var same []string
		for n, k := range keys[:i] {
			same = append(same, s.equals(k, position[n]))
		}
		for _, beyond := range s.beyond(keys[i:], position[i]) {
			beyond.condition = "(" + strings.Join(append(same, beyond.condition), " AND ") + ")"
			parts = append(parts, beyond)
		}
	}
	return parts
}

// keyed leaves out of a position what has no sort key.
func keyed(keys []sortKey, position []any) []any {
	position = slices.Clone(position)
	for i, k := range keys {
		if k.by != nil {
			position[i] = schema.OnlyText(position[i])
		}
	}
	return position
}

func (s *statement) equals(k sortKey, value any) string {
	if value == nil {
		return k.expression + " IS NULL"
	}
	return k.expression + " = " + s.arg(k.bound(value))
}

// beyond is what comes after a value in the first of the keys.
func (s *statement) beyond(keys []sortKey, value any) []part {
	k := keys[0]
	switch {
	case value == nil && k.descending:
		return nil
	case value == nil:
		// Nothing is less than minus infinity, and unlike IS NOT NULL this is
		// a range where an index can begin.
		return []part{{k.expression + " >= -9e999", keys}}
	case !k.descending:
		return []part{{k.expression + " > " + s.arg(k.bound(value)), keys}}
	}
	parts := []part{{k.expression + " < " + s.arg(k.bound(value)), keys}}
	if !k.never {
		parts = append(parts, part{k.expression + " IS NULL", keys[1:]})
	}
	return parts
}
