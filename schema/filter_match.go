package schema

import (
	"slices"
	"strings"
)

// Match says whether the filter selects a record with these values. It is
// the meaning that both stores must agree with. Values of system fields are
// looked up under their names too. A filter that is not Resolved matches
// nothing.
func (f Filter) Match(values map[string]any) bool { return f.Resolved() && f.match(values) }

// Resolved says whether the filter can be decided by looking at one record:
// it has neither an OpTo nor a Var left in it.
func (f Filter) Resolved() bool {
	unresolved := func(inner Filter) bool { return !inner.Resolved() }
	switch {
	case f.Op == OpTo, slices.ContainsFunc(f.And, unresolved), slices.ContainsFunc(f.Or, unresolved),
		f.Not != nil && unresolved(*f.Not), f.Sub != nil && unresolved(*f.Sub):
		return false
	}
	switch v := f.Value.(type) {
	case Var:
		return false
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { _, isVar := item.(Var); return isVar })
	}
	return true
}

func (f Filter) match(value any) bool {
	switch {
	case f.Not != nil:
		return !f.Not.match(value)
	case f.Or != nil:
		return slices.ContainsFunc(f.Or, func(o Filter) bool { return o.match(value) })
	case f.Op == "":
		return !slices.ContainsFunc(f.And, func(a Filter) bool { return !a.match(value) })
	}
	return f.compare(Lookup(value, f.Path))
}

func (f Filter) compare(value any) bool {
	switch f.Op {
	case OpSome, OpNone, OpEvery:
		return f.quantify(value)
	case OpIsNull:
		return (value == nil) == (f.Value == true)
	case OpEq:
		return value != nil && f.equal(value, f.Value)
	case OpNe:
		return value == nil || !f.equal(value, f.Value)
	case OpIn:
		return value != nil && f.among(value)
	case OpNotIn:
		return value == nil || !f.among(value)
	}
	if value == nil {
		return false
	}
	if text, ok := value.(string); ok {
		operand, _ := f.Value.(string)
		switch f.Op {
		case OpEqAnyCase, OpContainsAnyCase, OpStartsWithAnyCase, OpEndsWithAnyCase:
			return matchAnyCase(f.Op, AnyCase(text), AnyCase(operand))
		case OpContains:
			return strings.Contains(text, operand)
		case OpStartsWith:
			return strings.HasPrefix(text, operand)
		case OpEndsWith:
			return strings.HasSuffix(text, operand)
		}
	}
	order := f.Field.Kind().Compare(value, f.Value)
	switch f.Op {
	case OpLt:
		return order < 0
	case OpLte:
		return order <= 0
	case OpGt:
		return order > 0
	case OpGte:
		return order >= 0
	}
	return false
}

func (f Filter) equal(a, b any) bool { return f.Field.Kind().Compare(a, b) == 0 }

func (f Filter) among(value any) bool {
	list, _ := f.Value.([]any)
	return slices.ContainsFunc(list, func(v any) bool { return f.equal(value, v) })
}

func (f Filter) quantify(value any) bool {
	list, _ := value.([]any)
	switch f.Op {
	case OpSome:
		return slices.ContainsFunc(list, f.Sub.match)
	case OpNone:
		return !slices.ContainsFunc(list, f.Sub.match)
	}
	return !slices.ContainsFunc(list, func(item any) bool { return !f.Sub.match(item) })
}
