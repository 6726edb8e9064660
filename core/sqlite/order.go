package sqlite

import (
	"fmt"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// sortKey is one key of an order as SQL. SQLite sorts NULL before all values,
// which is where missing values belong.
type sortKey struct {
	expression string
	field      *schema.Field
	descending bool
	never      bool // never missing
}

// sortKeys lists the keys of an order with the id as the last.
func sortKeys(q core.Query) []sortKey {
	var keys []sortKey
	descending := false
	for _, o := range q.OrderBy {
		descending = o.Descending
		keys = append(keys, sortKey{comparable(valueAt("t.", o.Path), o.Field), o.Field, descending != q.Reverse, neverMissing(o.Path)})
	}
	return append(keys, sortKey{"t.id", nil, descending != q.Reverse, true})
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

// after translates a position to conditions for what comes after it: one or
// two, of which all that the first selects comes before all that the second
// does. Each can be found by a range of an index.
func (s *statement) after(keys []sortKey, position []any) []string {
	if position == nil {
		return []string{""}
	}
	if len(position) != len(keys) {
		s.err = fmt.Errorf("the position has %d values, the order %d keys", len(position), len(keys))
		return []string{"FALSE"}
	}
	first, value := keys[0], position[0]
	switch {
	case len(keys) == 1:
		return []string{s.beyond(keys, position)}
	case value == nil && first.descending:
		return []string{"(" + first.expression + " IS NULL AND " + s.beyond(keys[1:], position[1:]) + ")"}
	case value == nil:
		return []string{
			"(" + first.expression + " IS NULL AND " + s.beyond(keys[1:], position[1:]) + ")",
			"(" + first.expression + " IS NOT NULL)",
		}
	}
	parts := []string{s.fromValue(keys, position)}
	if first.descending && !first.never {
		parts = append(parts, "("+first.expression+" IS NULL)")
	}
	return parts
}

// fromValue is for a position whose first value is not missing, and for the
// records in which it is not missing either.
func (s *statement) fromValue(keys []sortKey, position []any) string {
	first := keys[0]
	value := s.arg(bound(position[0], first.field))
	if len(keys) == 2 { // a row value is one range, however many records share the first value
		return "((" + first.expression + ", " + keys[1].expression + ") " + first.sign() + " (" + value + ", " + s.arg(position[1]) + "))"
	}
	// The plus keeps SQLite from making two searches of the OR: the range
	// before it is the one to walk.
	return "(" + first.expression + " " + first.sign() + "= " + value + " AND (+" + first.expression + " " + first.sign() + " " + value +
		" OR (+" + first.expression + " = " + value + " AND " + s.beyond(keys[1:], position[1:]) + ")))"
}

// beyond is what comes after a position, in general.
func (s *statement) beyond(keys []sortKey, position []any) string {
	k, value := keys[0], position[0]
	if len(keys) == 1 {
		return "(" + k.expression + " " + k.sign() + " " + s.arg(bound(value, k.field)) + ")"
	}
	rest := s.beyond(keys[1:], position[1:])
	switch {
	case value == nil && k.descending:
		return "(" + k.expression + " IS NULL AND " + rest + ")"
	case value == nil:
		return "(" + k.expression + " IS NOT NULL OR " + rest + ")"
	}
	v := s.arg(bound(value, k.field))
	condition := k.expression + " " + k.sign() + " " + v + " OR (" + k.expression + " = " + v + " AND " + rest + ")"
	if k.descending && !k.never {
		condition += " OR " + k.expression + " IS NULL"
	}
	return "(" + condition + ")"
}

func (k sortKey) sign() string {
	if k.descending {
		return "<"
	}
	return ">"
}
