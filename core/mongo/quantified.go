package mongo

import (
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// quantified translates some, none and every; all three are a some.
func (t translator) quantified(f schema.Filter) (bson.D, error) {
	sub := *f.Sub
	if f.Op == schema.OpEvery {
		sub = schema.Filter{Not: f.Sub}
	}
	matches, err := t.some(f, sub)
	if err != nil || f.Op == schema.OpSome {
		return matches, err
	}
	return not(matches), nil
}

func (t translator) some(f, sub schema.Filter) (bson.D, error) {
	at := t.path(f.Path)
	if len(f.Field.Of.Subs()) == 0 {
		return someScalar(at, f.Field.Of, sub)
	}
	inner, err := translator{}.filter(sub)
	switch {
	case err != nil:
		return nil, err
	case len(inner) == 0:
		return notEmpty(at), nil
	case isNothing(inner):
		return inner, nil
	}
	return bson.D{{Key: at, Value: bson.D{{Key: "$elemMatch", Value: inner}}}}, nil
}

// someScalar translates a condition on the items themselves. $elemMatch knows
// no "or" for these, so each alternative becomes one.
func someScalar(at string, of *schema.Field, sub schema.Filter) (bson.D, error) {
	choices, err := alternatives(of, sub, false)
	if err != nil {
		return nil, err
	}
	parts := make([]bson.D, 0, len(choices))
	for _, item := range choices {
		part, err := item.someAt(at)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return anyOf(parts), nil
}

func notEmpty(at string) bson.D {
	return bson.D{{Key: at + ".0", Value: bson.D{{Key: "$exists", Value: true}}}}
}

// maxAlternatives bounds what nested and/or/not over a list's items can grow to.
const maxAlternatives = 200

// alternatives brings a condition on a list's items, or its opposite, into a
// disjunction of conjunctions.
func alternatives(of *schema.Field, f schema.Filter, negate bool) ([]itemTest, error) {
	switch {
	case f.Not != nil:
		return alternatives(of, *f.Not, !negate)
	case f.Or != nil:
		return combine(of, f.Or, negate, negate)
	case f.Op == "":
		return combine(of, f.And, !negate, negate)
	}
	test, err := newItemTest(of, f, negate)
	if err != nil || test.never {
		return nil, err
	}
	return []itemTest{test}, nil
}

// combine joins filters: with and, every choice of one meets every choice of
// the next.
func combine(of *schema.Field, filters []schema.Filter, and, negate bool) ([]itemTest, error) {
	var joined []itemTest
	if and {
		joined = []itemTest{{of: of}}
	}
	for _, f := range filters {
		choices, err := alternatives(of, f, negate)
		if err != nil {
			return nil, err
		}
		if !and {
			joined = append(joined, choices...)
		} else {
			var met []itemTest
			for _, a := range joined {
				for _, b := range choices {
					met = append(met, a.and(b))
				}
			}
			joined = met
		}
		if len(joined) > maxAlternatives {
			return nil, &core.Error{Code: core.Invalid, Message: "The filter on a list's items nests too many alternatives. Simplify it."}
		}
	}
	return joined, nil
}
