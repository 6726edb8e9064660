package mongo

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// where translates a filter over a record's values. What it selects is what
// schema.Filter.Match selects.
func where(f schema.Filter) (bson.D, error) { return translator{root: true}.filter(f) }

// translator writes filters over a record (root) or over an object in a list.
type translator struct{ root bool }

func (t translator) filter(f schema.Filter) (bson.D, error) {
	switch {
	case f.Not != nil:
		inner, err := t.filter(*f.Not)
		return not(inner), err
	case f.Or != nil:
		parts, err := t.each(f.Or)
		return anyOf(parts), err
	case f.Op == "":
		parts, err := t.each(f.And)
		return allOf(parts...), err
	case f.Op == schema.OpSome || f.Op == schema.OpNone || f.Op == schema.OpEvery:
		return t.quantified(f)
	}
	return t.comparison(f)
}

func (t translator) each(filters []schema.Filter) ([]bson.D, error) {
	parts := make([]bson.D, len(filters))
	for i, f := range filters {
		part, err := t.filter(f)
		if err != nil {
			return nil, err
		}
		parts[i] = part
	}
	return parts, nil
}

func (t translator) comparison(f schema.Filter) (bson.D, error) {
	if f.Path == "" { // an object in a list, which is always there
		if f.Op == schema.OpIsNull && f.Value == false {
			return bson.D{}, nil
		}
		return nothing(), nil
	}
	at := t.path(f.Path)
	switch f.Op {
	case schema.OpIsNull:
		if f.Value == true {
			return bson.D{{Key: at, Value: nil}}, nil
		}
		return bson.D{{Key: at, Value: bson.D{{Key: "$ne", Value: nil}}}}, nil
	case schema.OpIn, schema.OpNotIn:
		list, _ := f.Value.([]any)
		values, err := operands(f.Field, list)
		if f.Op == schema.OpIn {
			return isIn(at, values), err
		}
		return bson.D{{Key: at, Value: bson.D{{Key: "$nin", Value: values}}}}, err
	case schema.OpContains, schema.OpStartsWith, schema.OpEndsWith,
		schema.OpEqAnyCase, schema.OpContainsAnyCase, schema.OpStartsWithAnyCase, schema.OpEndsWithAnyCase:
		return bson.D{{Key: at, Value: bson.D{{Key: "$regex", Value: pattern(f.Op, f.Value)}}}}, nil
	}
	value, err := operand(f.Field, f.Value)
	switch {
	case err != nil:
		return nil, err
	case f.Op == schema.OpTo:
		return nil, fmt.Errorf("what is behind the reference %s was not looked up", f.Path)
	case value == nil && f.Op == schema.OpNe:
		return bson.D{}, nil
	case value == nil: // nothing else holds for it
		return nothing(), nil
	case f.Op == schema.OpEq:
		return bson.D{{Key: at, Value: value}}, nil
	}
	return bson.D{{Key: at, Value: bson.D{{Key: "$" + string(f.Op), Value: value}}}}, nil
}

func (t translator) path(path string) string {
	if t.root && path == "id" {
		return idField
	}
	return path
}

// maxIn is how many values one $in has. DocumentDB took 5.1 s for one of
// 18,000, and 0.1 s for the same in parts of 500.
const maxIn = 500

func isIn(at string, values bson.A) bson.D {
	if len(values) <= maxIn {
		return bson.D{{Key: at, Value: bson.D{{Key: "$in", Value: values}}}}
	}
	var parts []bson.D
	for part := range slices.Chunk(values, maxIn) {
		parts = append(parts, isIn(at, part))
	}
	return anyOf(parts)
}

// operand encodes the value that a field is compared with.
func operand(f *schema.Field, value any) (any, error) {
	if v, unbound := value.(schema.Var); unbound {
		return nil, fmt.Errorf("the filter's variable $%s has no value", v)
	}
	if f == nil {
		return value, nil
	}
	encoded, err := encode(f, value, "", nil)
	if text, isText := encoded.(string); isText && (f.Type == "decimal" || f.Type == "datetime") {
		err = fmt.Errorf("%q is no canonical %s", text, f.Type)
	}
	if err != nil {
		return nil, &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The filter on %s compares with something that is no %s.", f.Name, f.Type), Cause: err}
	}
	return encoded, nil
}

func operands(f *schema.Field, values []any) (bson.A, error) {
	list := make(bson.A, 0, len(values))
	for _, v := range values {
		encoded, err := operand(f, v)
		if err != nil {
			return nil, err
		}
		if encoded != nil {
			list = append(list, encoded)
		}
	}
	return list, nil
}

// pattern is an expression that matches bytes as they are. \z is the very
// end, where $ would also match before a last line break.
func pattern(op schema.Op, value any) string {
	text, _ := value.(string)
	switch op {
	case schema.OpEqAnyCase, schema.OpContainsAnyCase, schema.OpStartsWithAnyCase, schema.OpEndsWithAnyCase:
		return anyCase(op, text)
	}
	text = strings.ReplaceAll(regexp.QuoteMeta(text), "\x00", `\x00`)
	switch op {
	case schema.OpStartsWith:
		return "^" + text
	case schema.OpEndsWith:
		return text + `\z`
	}
	return text
}

// nothing matches no document, everything (an empty bson.D) each of them.
func nothing() bson.D { return bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: bson.A{}}}}} }

func isNothing(d bson.D) bool {
	if len(d) != 1 || d[0].Key != idField {
		return false
	}
	in, ok := d[0].Value.(bson.D)
	if !ok || len(in) != 1 || in[0].Key != "$in" {
		return false
	}
	list, ok := in[0].Value.(bson.A)
	return ok && len(list) == 0
}

func not(d bson.D) bson.D {
	switch {
	case len(d) == 0:
		return nothing()
	case isNothing(d):
		return bson.D{}
	}
	return bson.D{{Key: "$nor", Value: bson.A{d}}}
}

// allOf joins conditions into one document where no key would come twice.
func allOf(parts ...bson.D) bson.D {
	parts = slices.DeleteFunc(slices.Clone(parts), func(d bson.D) bool { return len(d) == 0 })
	if i := slices.IndexFunc(parts, isNothing); i >= 0 {
		return parts[i]
	}
	joined, seen := bson.D{}, map[string]bool{}
	for _, part := range parts {
		for _, e := range part {
			if seen[e.Key] {
				return bson.D{{Key: "$and", Value: list(parts)}}
			}
			seen[e.Key] = true
			joined = append(joined, e)
		}
	}
	return joined
}

func anyOf(parts []bson.D) bson.D {
	if slices.ContainsFunc(parts, func(d bson.D) bool { return len(d) == 0 }) {
		return bson.D{}
	}
	parts = slices.DeleteFunc(slices.Clone(parts), isNothing)
	switch len(parts) {
	case 0:
		return nothing()
	case 1:
		return parts[0]
	}
	return bson.D{{Key: "$or", Value: list(parts)}}
}

func list(parts []bson.D) bson.A {
	a := make(bson.A, len(parts))
	for i, part := range parts {
		a[i] = part
	}
	return a
}
