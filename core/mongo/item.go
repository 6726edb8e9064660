package mongo

import (
	"fmt"
	"slices"

	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// itemTest is a conjunction of comparisons of one plain value in a list. Such
// a value is never missing, so the opposite of each comparison is one, too.
type itemTest struct {
	of       *schema.Field
	never    bool
	isIn     bool // the value is one of in
	in       []any
	notIn    []any
	from, to *bound
	patterns []string // each must match, from the beginning of the value
}

type bound struct {
	value     any
	inclusive bool
}

func newItemTest(of *schema.Field, f schema.Filter, negate bool) (itemTest, error) {
	test := itemTest{of: of}
	values := []any{f.Value}
	if many, ok := f.Value.([]any); ok {
		values = many
	}
	switch f.Op {
	case schema.OpEq, schema.OpIn, schema.OpNe, schema.OpNotIn:
		if (f.Op == schema.OpEq || f.Op == schema.OpIn) != negate {
			test.isIn, test.in = true, values
		} else {
			test.notIn = values
		}
	case schema.OpLt:
		test.setBound(f.Value, negate, negate)
	case schema.OpLte:
		test.setBound(f.Value, negate, !negate)
	case schema.OpGt:
		test.setBound(f.Value, !negate, negate)
	case schema.OpGte:
		test.setBound(f.Value, !negate, !negate)
	case schema.OpContains, schema.OpStartsWith, schema.OpEndsWith,
		schema.OpEqAnyCase, schema.OpContainsAnyCase, schema.OpStartsWithAnyCase, schema.OpEndsWithAnyCase:
		test.patterns = []string{lookahead(f.Op, f.Value, negate)}
	case schema.OpIsNull:
		test.never = (f.Value == true) != negate
	default:
		return test, fmt.Errorf("a store does not know the operator %q on a list's items", f.Op)
	}
	return test, nil
}

func (t *itemTest) setBound(value any, isLower, inclusive bool) {
	b := &bound{value: value, inclusive: inclusive}
	if isLower {
		t.from = b
	} else {
		t.to = b
	}
}

func lookahead(op schema.Op, value any, negate bool) string {
	expression := pattern(op, value)
	if op != schema.OpStartsWith && op != schema.OpStartsWithAnyCase && op != schema.OpEqAnyCase {
		expression = `[\s\S]*` + expression
	}
	if negate {
		return "(?!" + expression + ")"
	}
	return "(?=" + expression + ")"
}

// and returns the conjunction: each kind of comparison is left once, because
// an operator can stand only once in a MongoDB expression.
func (t itemTest) and(other itemTest) itemTest {
	switch {
	case t.isIn && other.isIn:
		t.in = slices.DeleteFunc(slices.Clone(t.in), func(v any) bool {
			return !slices.ContainsFunc(other.in, func(o any) bool { return t.of.Kind().Compare(v, o) == 0 })
		})
	case other.isIn:
		t.isIn, t.in = true, other.in
	}
	t.notIn = slices.Concat(t.notIn, other.notIn)
	t.patterns = slices.Concat(t.patterns, other.patterns)
	t.from = t.tighter(t.from, other.from, 1)
	t.to = t.tighter(t.to, other.to, -1)
	return t
}

// tighter picks the bound that lets less through; sign is 1 for lower bounds.
func (t itemTest) tighter(a, b *bound, sign int) *bound {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	switch order := sign * t.of.Kind().Compare(a.value, b.value); {
	case order > 0 || order == 0 && !a.inclusive:
		return a
	}
	return b
}

// someAt matches documents that have such an item in the list at the path.
func (t itemTest) someAt(at string) (bson.D, error) {
	test, err := t.encode()
	if err != nil {
		return nil, err
	}
	switch {
	case len(test) == 0:
		return notEmpty(at), nil
	case len(test) == 1 && t.isIn:
		// The plain form is what every engine serves from an index.
		values, _ := test[0].Value.(bson.A)
		return isIn(at, values), nil
	}
	return bson.D{{Key: at, Value: bson.D{{Key: "$elemMatch", Value: test}}}}, nil
}

func (t itemTest) encode() (bson.D, error) {
	var test bson.D
	for _, set := range []struct {
		operator string
		values   []any
		given    bool
	}{{"$in", t.in, t.isIn}, {"$nin", t.notIn, len(t.notIn) > 0}} {
		if set.given {
			values, err := operands(t.of, set.values)
			if err != nil {
				return nil, err
			}
			test = append(test, bson.E{Key: set.operator, Value: values})
		}
	}
	for _, limit := range []struct {
		operator string
		bound    *bound
	}{{"$gt", t.from}, {"$lt", t.to}} {
		if limit.bound != nil {
			value, err := operand(t.of, limit.bound.value)
			if err != nil {
				return nil, err
			}
			operator := limit.operator
			if limit.bound.inclusive {
				operator += "e"
			}
			test = append(test, bson.E{Key: operator, Value: value})
		}
	}
	if len(t.patterns) > 0 {
		expression := "^"
		for _, p := range t.patterns {
			expression += p
		}
		test = append(test, bson.E{Key: "$regex", Value: expression})
	}
	return test, nil
}
