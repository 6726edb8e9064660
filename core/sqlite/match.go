package sqlite

import (
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// condition is one of several that must all hold: a filter, or one word of a
// search by its alternatives.
type condition struct {
	filter schema.Filter
	search []string
}

// conditionsOf takes apart what must all hold.
func conditionsOf(q core.Query) []condition {
	var all []condition
	for _, f := range q.Filter.Parts() {
		all = append(all, condition{filter: f})
	}
	for _, alternatives := range q.Search {
		all = append(all, condition{search: append([]string{}, alternatives...)})
	}
	return all
}

// match is what one index does for a query.
type match struct {
	index
	equal   []int // the conditions that its first columns answer by one value
	ranged  []int // those that are a range of the column after them
	ordered bool  // what is left of its columns is the order of the query
}

func (m match) answers() []int { return append(m.equal[:len(m.equal):len(m.equal)], m.ranged...) }

// answersKeys says whether what an index does not answer is the text itself where it
// answers the key of that: few texts have a key in common.
func (m match) answersKeys(all []condition) bool {
	for n, c := range all {
		if !slices.Contains(m.answers(), n) &&
			!slices.ContainsFunc(m.equal, func(k int) bool { return c.filter.Path != "" && all[k].filter.Path == keyMark+c.filter.Path }) {
			return false
		}
	}
	return true
}

// matched holds an index against conditions and an order.
func (at scope) matched(i index, all []condition, keys []sortKey) match {
	m := match{index: i}
	columns := i.columns()
	if role := i.keys[0].role; role != "" && len(i.keys) == 1 {
		n := at.equal(all, i.keys[0])
		if n < 0 {
			return m // it does not have all records
		}
		m.equal, columns = []int{n}, columns[1:]
	}
	ofAll := false // whether they hold the role or not
	for len(columns) > 0 {
		n := at.equal(all, columns[0])
		switch {
		case n >= 0:
			m.equal = append(m.equal, n)
		case columns[0].role != "":
			ofAll = true
		default:
			m.ranged = ranges(all, columns[0].path)
		}
		if len(m.ranged) > 0 || n < 0 && columns[0].role == "" {
			break
		}
		columns = columns[1:]
	}
	if ofAll && !i.hasAll(all, m.answers()) {
		return match{index: i}
	}
	m.ordered = !ofAll && (inOrder(columns, keys) || i.unique && len(columns) == 0 && at.isOne(all, m))
	return m
}

// hasAll says whether the index of a role has all records that some of the conditions
// select, without one that asks for the role: those that have a value have kept it.
func (i index) hasAll(all []condition, some []int) bool {
	kept, ok := i.keptBy()
	return ok && slices.ContainsFunc(some, func(n int) bool {
		f := all[n].filter
		return f.Path == kept.path && (f.Op != schema.OpIsNull || f.Value == false)
	})
}

// isOne says whether the conditions fix a unique index to a value.
func (at scope) isOne(all []condition, m match) bool {
	return !slices.ContainsFunc(m.equal, func(n int) bool { return all[n].filter.Op == schema.OpIsNull })
}

// equal finds the condition that fixes a column to one value, or -1.
func (at scope) equal(all []condition, column key) int {
	return slices.IndexFunc(all, func(c condition) bool {
		f := c.filter
		if column.role != "" {
			return at.roleOf(f) == column.role
		}
		if f.Path != column.path || f.Path == "" {
			return false
		}
		list, _ := f.Value.([]any)
		return f.Op == schema.OpEq || f.Op == schema.OpIn && len(list) == 1 || f.Op == schema.OpIsNull && f.Value == true
	})
}

// ranges finds the conditions that leave a stretch of a column's values.
func ranges(all []condition, path string) (found []int) {
	for n, c := range all {
		if c.filter.Path == path && path != "" && c.filter.Field != nil && isRange(c.filter) {
			found = append(found, n)
		}
	}
	return found
}

func isRange(f schema.Filter) bool {
	switch f.Op {
	case schema.OpLt, schema.OpLte, schema.OpGt, schema.OpGte, schema.OpStartsWith:
		return f.Value != ""
	case schema.OpIsNull:
		return f.Value == false && !neverMissing(f.Path)
	}
	return false
}

// inOrder says whether columns sort as the keys do, in either direction.
// Nothing sorts behind the id.
func inOrder(columns []key, keys []sortKey) bool {
	turned := false
	for n, k := range keys {
		if len(columns) == 0 || columns[0].path != k.path {
			return false
		}
		turns := columns[0].descending != k.descending
		if n > 0 && turns != turned {
			return false
		}
		turned = turns
		if k.path == "id" {
			return true
		}
		columns = columns[1:]
	}
	return true
}

// varying leaves out the keys of an order that are the same in all that is
// selected, and what a position says of them: SQLite would sort by them, and
// look for what is beyond.
func (at scope) varying(all []condition, keys []sortKey, position []any) ([]sortKey, []any) {
	var left []sortKey
	var from []any
	for i, k := range keys {
		n := -1
		if i < len(keys)-1 {
			n = at.equal(all, key{path: k.plain})
		}
		if n >= 0 && (position == nil || i < len(position) && position[i] == fixed(all[n].filter)) {
			continue
		}
		left = append(left, k)
		if i < len(position) {
			from = append(from, position[i])
		}
	}
	if len(position) != len(keys) {
		return left, position
	}
	return left, from
}

// fixed is the value that a filter leaves, nil for none.
func fixed(f schema.Filter) any {
	switch f.Op {
	case schema.OpIsNull:
		return nil
	case schema.OpIn:
		list, _ := f.Value.([]any)
		return list[0] // equal says that there is one
	}
	return f.Value
}
