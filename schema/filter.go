package schema

import "slices"

// Op is how a filter compares a value.
type Op string

// The operators. A missing value is equal to nothing: eq, in, the four
// comparisons and the three text operators never match it, while ne, notIn
// and isNull: true do. Texts compare by their bytes, with case; search is
// what ignores case and accents.
const (
	OpEq         Op = "eq"
	OpNe         Op = "ne"
	OpIn         Op = "in"
	OpNotIn      Op = "notIn"
	OpLt         Op = "lt"
	OpLte        Op = "lte"
	OpGt         Op = "gt"
	OpGte        Op = "gte"
	OpContains   Op = "contains"
	OpStartsWith Op = "startsWith"
	OpEndsWith   Op = "endsWith"
	OpIsNull     Op = "isNull"

	// OpDangling asks whether a reference leads to no living record. It is written
	// in filters only: ParseFilter makes OpTo of it.
	OpDangling Op = "dangling"

	// OpSome, OpNone and OpEvery apply Sub to the items of a list. A missing
	// list is an empty one: some fails, none and every hold.
	OpSome  Op = "some"
	OpNone  Op = "none"
	OpEvery Op = "every"

	// OpTo applies Sub to the record that a reference points to, which must be
	// a live one: a missing reference, and one to a record that is deleted or
	// was never there, match nothing. It takes a store to answer it.
	OpTo Op = "to"
)

var (
	textOps    = []Op{OpEq, OpNe, OpIn, OpNotIn, OpContains, OpStartsWith, OpEndsWith, OpLt, OpLte, OpGt, OpGte, OpIsNull}
	orderedOps = []Op{OpEq, OpNe, OpIn, OpNotIn, OpLt, OpLte, OpGt, OpGte, OpIsNull}
)

// Filter is the one expression that selects records: in a query, in a role's
// rule, in a guard, on the plugin wire. The zero Filter matches every record.
//
// It is exactly one of: And, Or, Not, or a comparison of the value at Path.
type Filter struct {
	And []Filter
	Or  []Filter // an empty, non-nil Or matches nothing
	Not *Filter

	Path  string // storage path; "" inside Sub means the list item itself
	Op    Op
	Value any     // canonical; []any for in and notIn; bool for isNull; Var in a role's rule
	Field *Field  // the leaf that Path names, for its type
	Sub   *Filter // for some, none, every and to; paths are relative to the item or the target
	To    *Entity // for to: the stored entity of the target; that it holds a role is Sub's to ask
}

// Var is a value that is known only when a rule is applied, such as user.id.
type Var string

// All matches what every one of the filters matches.
func All(filters ...Filter) Filter {
	filters = slices.DeleteFunc(slices.Clone(filters), Filter.IsZero)
	if len(filters) == 1 {
		return filters[0]
	}
	return Filter{And: filters}
}

// Any matches what at least one of the filters matches, and nothing when
// there is none.
func Any(filters ...Filter) Filter {
	if slices.ContainsFunc(filters, Filter.IsZero) {
		return Filter{}
	}
	if len(filters) == 1 {
		return filters[0]
	}
	return Filter{Or: append([]Filter{}, filters...)}
}

// Nothing matches no record.
func Nothing() Filter { return Filter{Or: []Filter{}} }

// IsZero says whether the filter matches every record.
func (f Filter) IsZero() bool {
	return f.Op == "" && len(f.And) == 0 && f.Or == nil && f.Not == nil
}

// Parts are the filters of which all must match, none of them an And: what an
// index can be held against.
func (f Filter) Parts() []Filter {
	switch {
	case f.IsZero():
		return nil
	case f.Op != "" || f.Or != nil || f.Not != nil:
		return []Filter{f}
	}
	var all []Filter
	for _, part := range f.And {
		all = append(all, part.Parts()...)
	}
	return all
}

// HasRole matches the records of a base entity that hold a role.
func (e *Entity) HasRole() Filter {
	if !e.IsRole() {
		return Filter{}
	}
	roles := e.Base.Field(RolesField)
	return Filter{Path: RolesField, Op: OpSome, Field: roles, Sub: &Filter{Op: OpEq, Value: e.Name, Field: roles.Of}}
}

// Map returns the filter with every comparison replaced by what replace
// returns, those inside Sub included. What is compared behind a reference is
// left to replace, which gets it as the Sub of an OpTo: those are the values
// of another record. The receiver is left alone.
func (f Filter) Map(replace func(Filter) (Filter, error)) (Filter, error) {
	var err error
	each := func(list []Filter) []Filter {
		if list == nil {
			return nil
		}
		mapped := make([]Filter, 0, len(list))
		for _, one := range list {
			m, e := one.Map(replace)
			if e != nil && err == nil {
				err = e
			}
			mapped = append(mapped, m)
		}
		return mapped
	}
	f.And, f.Or = each(f.And), each(f.Or)
	for _, inner := range []**Filter{&f.Not, &f.Sub} {
		if *inner != nil && f.Op != OpTo {
			m, e := (*inner).Map(replace)
			if e != nil && err == nil {
				err = e
			}
			*inner = &m
		}
	}
	if err != nil || f.Op == "" {
		return f, err
	}
	return replace(f)
}
