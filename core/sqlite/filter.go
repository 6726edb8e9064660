package sqlite

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openxrm/xrm/schema"
)

// statement is SQL in the making. Values go in as numbered parameters only.
type statement struct {
	table *table
	outlook
	manyFrom int // how many records behind a reference are many
	args     []any
	lists    int   // how many lists have been entered, for their names
	reaches  int   // how many references have been reached over, for theirs
	err      error // the first thing that cannot be said in SQL
}

// arg adds a parameter and returns how the text refers to it.
func (s *statement) arg(value any) string {
	s.args = append(s.args, value)
	return "?" + strconv.Itoa(len(s.args))
}

// list adds a parameter that holds many values, whose number the text does
// not depend on.
func (s *statement) list(values []any) string {
	text, err := encode(values)
	if err != nil {
		s.fail("%w", err)
	}
	return "(SELECT value FROM json_each(" + s.arg(text) + "))"
}

func (s *statement) fail(format string, args ...any) string {
	if s.err == nil {
		s.err = fmt.Errorf("translate the query: "+format, args...)
	}
	return "FALSE"
}

// scope is what paths are relative to: a record, or an item of a list.
type scope struct {
	table  *table
	record string // the name under which the table stands in the text
	item   string
	which  which // of the records
}

// which records there are: those that live, those that are deleted, or both.
type which int

const (
	live which = iota
	gone
	both
)

// state is the condition that a record is one of those, as the indexes have it.
func (at scope) state() []string {
	switch at.which {
	case live:
		return []string{at.record + ".deleted_at IS NULL"}
	case gone:
		return []string{at.record + ".deleted_at IS NOT NULL"}
	}
	return nil
}

// indexes are those that have all of these records, or all that hold a role.
func (at scope) indexes() []index {
	return slices.DeleteFunc(slices.Clone(at.table.indexes), func(i index) bool {
		return !i.all && (at.which == both || i.gone != (at.which == gone))
	})
}

// records is the scope of the records that the statement is about.
func (s *statement) records() scope { return scope{table: s.table, record: "t"} }

func (at scope) value(path string) string {
	switch {
	case at.item == "":
		return valueAt(at.record+".", path)
	case path == "":
		return at.item + ".value"
	}
	return "json_extract(" + at.item + ".value, " + jsonPath(path) + ")"
}

func (at scope) items(path string) string {
	if at.item == "" {
		return "json_each(" + at.record + ".doc, " + jsonPath(path) + ")"
	}
	return "json_each(" + at.item + ".value, " + jsonPath(path) + ")"
}

// where translates a filter to what is true for a record that matches, and
// false or NULL for one that does not. What is negated must be made one of
// two first: IS NOT TRUE is true for NULL.
func (s *statement) where(f schema.Filter, at scope) string {
	switch {
	case f.Not != nil:
		return "((" + s.where(*f.Not, at) + ") IS NOT TRUE)"
	case f.Or != nil:
		return s.join(f.Or, at, " OR ", "FALSE")
	case f.Op == "":
		return s.join(f.And, at, " AND ", "TRUE")
	case f.Op == schema.OpSome || f.Op == schema.OpNone || f.Op == schema.OpEvery:
		return s.quantify(f, at)
	}
	return s.compare(f, comparable(at.value(f.Path), f.Field))
}

func (s *statement) join(filters []schema.Filter, at scope, word, none string) string {
	if len(filters) == 0 {
		return none
	}
	parts := make([]string, len(filters))
	for i, f := range filters {
		parts[i] = s.where(f, at)
	}
	return "(" + strings.Join(parts, word) + ")"
}

// compare translates a comparison of the value of an expression.
func (s *statement) compare(f schema.Filter, expression string) string {
	if _, unbound := f.Value.(schema.Var); unbound {
		return s.fail("%s %s $%s: the variable has no value", f.Path, f.Op, f.Value)
	}
	switch f.Op {
	case schema.OpTo:
		return s.to(f, expression)
	case schema.OpIsNull:
		if f.Value == true {
			return "(" + expression + " IS NULL)"
		}
		return "(" + expression + " IS NOT NULL)"
	case schema.OpEq:
		return "(" + expression + " = " + s.operand(f) + ")"
	case schema.OpNe:
		return "((" + expression + " = " + s.operand(f) + ") IS NOT TRUE)"
	case schema.OpIn:
		if list, _ := f.Value.([]any); len(list) == 1 { // one value sorts nothing
			f.Value = list[0]
			return "(" + expression + " = " + s.operand(f) + ")"
		}
		return "(" + expression + " IN " + s.operands(f) + ")"
	case schema.OpNotIn:
		return "((" + expression + " IN " + s.operands(f) + ") IS NOT TRUE)"
	case schema.OpLt:
		return "(" + expression + " < " + s.operand(f) + ")"
	case schema.OpLte:
		return "(" + expression + " <= " + s.operand(f) + ")"
	case schema.OpGt:
		return "(" + expression + " > " + s.operand(f) + ")"
	case schema.OpGte:
		return "(" + expression + " >= " + s.operand(f) + ")"
	}
	return s.compareText(f, expression)
}

// partial are the operators that an empty text fulfills wherever there is a text, and
// anyCased those that compare whatever the case.
var (
	partial = []schema.Op{schema.OpContains, schema.OpStartsWith, schema.OpEndsWith,
		schema.OpContainsAnyCase, schema.OpStartsWithAnyCase, schema.OpEndsWithAnyCase}
	anyCased = []schema.Op{schema.OpEqAnyCase, schema.OpContainsAnyCase, schema.OpStartsWithAnyCase, schema.OpEndsWithAnyCase}
)

func (s *statement) compareText(f schema.Filter, expression string) string {
	text, isText := f.Value.(string)
	switch {
	case !isText:
	case text == "" && slices.Contains(partial, f.Op):
		return "(" + expression + " IS NOT NULL)"
	case slices.Contains(anyCased, f.Op):
		return s.compareAnyCase(f, expression, text)
	case f.Op == schema.OpContains:
		return "(instr(" + expression + ", " + s.arg(text) + ") > 0)"
	case f.Op == schema.OpStartsWith:
		return s.startsWith(expression, expression, text)
	case f.Op == schema.OpEndsWith:
		return "(substr(" + expression + ", " + s.arg(-utf8.RuneCountInString(text)) + ") = " + s.arg(text) + ")"
	}
	return s.fail("%s %s %v is not for a store", f.Path, f.Op, f.Value)
}

// startsWith is a range, which an index can find: from the text itself to the
// first one that is greater than all that begin with it.
func (s *statement) startsWith(from, to, text string) string {
	last := len(text) - 1
	end := text[:last] + string([]byte{text[last] + 1}) // UTF-8 has no byte 0xFF
	return "(" + from + " >= " + s.arg(text) + " AND " + to + " < " + s.arg(end) + ")"
}

// column is what a filter compares with when it is no value: a column of the
// statement.
type column string

func (s *statement) operand(f schema.Filter) string {
	value := bound(f.Value, f.Field)
	switch value := value.(type) {
	case column:
		return string(value)
	case string, int64:
		return s.arg(value)
	}
	return s.fail("%s %s: a value of Go type %T cannot be compared", f.Path, f.Op, f.Value)
}

func (s *statement) operands(f schema.Filter) string {
	list, ok := f.Value.([]any)
	if !ok {
		return s.fail("%s %s: a list is needed, not %T", f.Path, f.Op, f.Value)
	}
	values := make([]any, len(list))
	for i, v := range list {
		values[i] = bound(v, f.Field)
	}
	return s.list(values)
}
