package sqlite

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema"
)

// way is one way to get at the records that some of the conditions select,
// and at few others.
type way struct {
	from string // which index SQLite has to take; it is not left the choice
	uses []int  // the conditions that it answers
	one  bool   // one record for each value
}

const (
	byRow = " NOT INDEXED" // by the numbers of the rows alone

	// maxWays is how many ways are looked at: each costs a query.
	maxWays = 6
)

// ways lists the ways to begin with what conditions select, the more promising
// ones first.
func (at scope) ways(all []condition) []way {
	var list []way
	for _, i := range at.indexes() {
		m := at.matched(i, all, nil)
		uses := m.answers()
		if len(m.ranged) == 0 {
			uses = append(uses, at.listed(all, i.keys[min(len(m.equal), len(i.keys)):])...)
		}
		if len(uses) > 0 {
			one := (i.all || i.unique) && len(m.ranged) == 0 && at.isOne(all, m)
			list = append(list, way{indexedBy(i), uses, one})
		}
	}
	for n, c := range all {
		if c.search != nil || at.bySeq(c.filter) {
			list = append(list, way{byRow, []int{n}, false})
		}
	}
	slices.SortStableFunc(list, func(a, b way) int { return b.promise() - a.promise() })
	return slices.CompactFunc(list, func(a, b way) bool { return slices.Equal(a.uses, b.uses) })
}

func (w way) promise() int {
	if w.one {
		return math.MaxInt
	}
	return len(w.uses)
}

func indexedBy(i index) string { return " INDEXED BY " + quoted(i.name) }

// listed finds the condition that names several values of the next column.
func (at scope) listed(all []condition, columns []key) []int {
	if len(columns) > 1 && columns[0].role != "" {
		columns = columns[1:]
	}
	if len(columns) == 0 {
		return nil
	}
	n := slices.IndexFunc(all, func(c condition) bool {
		return c.filter.Path == columns[0].path && c.filter.Path != "" && (c.filter.Op == schema.OpIn || c.filter.Op == schema.OpTo)
	})
	if n < 0 {
		return nil
	}
	return []int{n}
}

// bySeq says whether a filter can be turned into the numbers of rows.
func (at scope) bySeq(f schema.Filter) bool {
	switch {
	case f.Or != nil:
		return len(f.Or) > 0
	case f.Op == schema.OpSome:
		if at.roleOf(f) != "" || f.Sub == nil {
			return false
		}
		path, _, _ := (&statement{}).byTerm(f, at)
		return path != ""
	}
	return false
}

// few finds a way to what the conditions select that begins with fewer than so
// many rows; how is what all of the conditions say then.
func (s *statement) few(at scope, all []condition, rows int) (w way, how []string, ok bool) {
	ways := at.ways(all)
	for _, w := range ways[:min(len(ways), maxWays)] {
		before := len(s.args)
		how, ok := s.along(at, all, w, rows)
		// Those by the numbers of rows have been counted to translate them.
		if ok && (w.one || w.from == byRow || s.isFew("SELECT 1"+at.begin(w, how), rows)) {
			return w, how, true
		}
		s.args = s.args[:before]
	}
	return way{}, nil, false
}

// begin is the part of a query that a way begins with.
func (at scope) begin(w way, how []string) string {
	uses := at.state()
	for _, n := range w.uses {
		uses = append(uses, how[n])
	}
	return " FROM " + at.table.name + " AS " + at.record + w.from + whereAll(uses)
}

// isFew says whether a selection has fewer than so many rows.
func (s *statement) isFew(selection string, rows int) bool {
	return s.err == nil && s.count != nil && s.count(selection, s.args, rows) < rows
}

// along translates conditions for a way: those that it uses so that it can
// begin with them, the others so that they are asked of each record.
func (s *statement) along(at scope, all []condition, w way, rows int) (how []string, ok bool) {
	for n, c := range all {
		text := ""
		if slices.Contains(w.uses, n) {
			text = s.narrow(at, c, rows)
		} else {
			text = s.asked(at, c)
		}
		if text == "" {
			return nil, false
		}
		how = append(how, text)
	}
	return how, true
}

// narrow translates a condition that a way begins with, "" when more than so
// many rows would have to be looked at for that.
func (s *statement) narrow(at scope, c condition, rows int) string {
	f := c.filter
	switch {
	case c.search != nil:
		return s.bySeqs(at, s.wordRanges(c.search), rows)
	case f.Op == schema.OpTo:
		return s.narrowTo(at, f, rows)
	case f.Or != nil:
		return s.narrowOr(at, f, rows)
	case f.Op == schema.OpSome && at.roleOf(f) == "":
		path, term, whole := s.byTerm(f, at)
		begin := ""
		if term.Op == schema.OpTo {
			begin = s.narrowTermTo(at, path, term, rows)
		} else {
			begin = s.bySeqs(at, s.term(path, term, at), rows)
		}
		if whole || begin == "" {
			return begin
		}
		return "(" + begin + " AND " + s.asked(at, c) + ")"
	case f.Op == schema.OpIsNull && f.Value == false && !neverMissing(f.Path):
		// A range, where an index can begin: nothing is less than minus infinity.
		return "(" + comparable(at.value(f.Path), f.Field) + " >= -9e999)"
	}
	return s.where(f, at)
}

// fromPosition translates the conditions that are a range of the first key once
// more, for a page that begins at a position in this range: the index has to
// begin there, and not where the range does. The plus keeps it from that.
func (s *statement) fromPosition(at scope, all []condition, m match, how []string, keys []sortKey) {
	for _, n := range m.ranged {
		f := all[n].filter
		expression := comparable(at.value(f.Path), f.Field)
		switch {
		case f.Op == schema.OpStartsWith && keys[0].descending:
			how[n] = s.startsWith(expression, "+"+expression, f.Value.(string))
		case f.Op == schema.OpStartsWith:
			how[n] = s.startsWith("+"+expression, expression, f.Value.(string))
		case keys[0].descending == (f.Op == schema.OpLt || f.Op == schema.OpLte):
			how[n] = s.compare(f, "+"+expression)
		}
	}
}

// bySeqs is the condition that the number of a row is one of fewer than so many.
func (s *statement) bySeqs(at scope, seqs string, rows int) string {
	if !s.isFew("SELECT 1 FROM ("+seqs+")", rows) {
		return ""
	}
	return "(" + at.record + ".seq IN (" + seqs + "))"
}

// narrowTo looks for the records behind a reference first.
func (s *statement) narrowTo(at scope, f schema.Filter, rows int) string {
	ids := s.behind(f, rows)
	if ids == "" {
		return ""
	}
	return "(" + comparable(at.value(f.Path), f.Field) + " IN (" + ids + "))"
}

func (s *statement) narrowTermTo(at scope, path string, term schema.Filter, rows int) string {
	ids := s.behind(term, rows)
	if ids == "" {
		return ""
	}
	return "(" + at.record + ".seq IN (SELECT x.seq FROM " + at.table.terms + " AS x WHERE x.path = " + s.arg(path) + " AND x.value IN (" + ids + ")))"
}

// behind selects the ids of fewer than so many records behind a reference.
func (s *statement) behind(f schema.Filter, rows int) string {
	target := s.target(f)
	if s.err != nil {
		return ""
	}
	// The plus takes the column's type from the id, as which the index of the
	// reference is not written.
	return s.selection(target, target.table.keyed(*f.Sub), "+"+target.record+".id", rows)
}

// narrowOr looks for what each of the alternatives selects.
func (s *statement) narrowOr(at scope, f schema.Filter, rows int) string {
	var parts []string
	for _, alternative := range f.Or {
		s.reaches++
		inner := scope{table: at.table, record: "o" + strconv.Itoa(s.reaches)}
		part := s.selection(inner, alternative, inner.record+".seq", 1+rows/len(f.Or))
		if part == "" {
			return ""
		}
		parts = append(parts, part)
	}
	return "(" + at.record + ".seq IN (" + strings.Join(parts, " UNION ALL ") + "))"
}

// selection selects a column of the live records that match, beginning with
// fewer than so many rows; "" when there is no way to do that.
func (s *statement) selection(at scope, f schema.Filter, column string, rows int) string {
	var all []condition
	for _, part := range f.Parts() {
		all = append(all, condition{filter: part})
	}
	w, how, ok := s.few(at, all, rows)
	if !ok {
		return ""
	}
	return "SELECT " + column + " FROM " + at.table.name + " AS " + at.record + w.from + whereAll(at.state(), how...)
}

// asked translates a condition so that it is asked of one record after the other.
func (s *statement) asked(at scope, c condition) string {
	if c.search != nil {
		return s.hasWord(c.search, at)
	}
	count := s.count
	s.count = func(_ string, _ []any, most int) int { return most } // as if all were many
	defer func() { s.count = count }()
	return s.where(c.filter, at)
}
