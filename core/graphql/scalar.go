package graphql

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/graphql-go/graphql"
	"github.com/graphql-go/graphql/language/ast"
	"github.com/openxrm/xrm/schema"
)

// The scalars pass canonical values through as they are; whether a value fits
// is decided by schema, in one place, with all violations at once.
var (
	long     = asText("Long", "A whole number of up to 64 bits, answered as a text since JavaScript rounds such numbers: \"9007199254740993\". It is taken as a text or as a number.", `a whole number of up to 64 bits, for example 12 or "9007199254740993"`, wholeNumber)
	decimal  = scalar("Decimal", "An exact decimal number, written as a text: \"12.50\".", `a decimal number, for example "12.50"`, numberOrText)
	date     = scalar("Date", "A day of the calendar without a time zone: \"2026-02-28\".", `a day, for example "2026-02-28"`, text)
	dateTime = scalar("DateTime", "An instant in UTC (RFC 3339): \"2026-02-28T09:30:00.000Z\".", `an instant, for example "2026-02-28T09:30:00.000Z"`, text)
	anyJSON  = graphql.NewScalar(graphql.ScalarConfig{
		Name: "JSON", Description: "Any value, as JSON. In an answer, a whole number that JavaScript would round is a text.",
		Serialize: exactJSON, ParseValue: func(value any) any { return value }, ParseLiteral: func(ast.Value) any { return nil },
	})
)

// scalar makes a type whose values parse brings into the form that schema
// takes; nil refuses one, which the engine reports with its position and with what is expected.
func scalar(name, description, expected string, parse graphql.ParseValueFn) *graphql.Scalar {
	return graphql.NewScalar(graphql.ScalarConfig{
		Name: name, Description: description,
		Serialize:  graphql.SerializeFn(parse), // a stored value of another type is an error, not an answer of the wrong type
		ParseValue: expecting(expected, parse),
		// graphql-go asks for ParseLiteral, which the engine never calls: it makes
		// values of literals itself and hands them to ParseValue.
		ParseLiteral: func(ast.Value) any { return nil },
	})
}

// asText is scalar for numbers that are answered as texts.
func asText(name, description, expected string, parse graphql.ParseValueFn) *graphql.Scalar {
	return graphql.NewScalar(graphql.ScalarConfig{
		Name: name, Description: description, ParseValue: expecting(expected, parse), ParseLiteral: func(ast.Value) any { return nil },
		Serialize: func(value any) any {
			if _, isText := value.(string); isText { // nothing that is stored or counted is one
				return nil
			}
			if n, ok := parse(value).(int64); ok {
				return strconv.FormatInt(n, 10)
			}
			return nil
		},
	})
}

// expecting says why parse refuses a value.
func expecting(expected string, parse graphql.ParseValueFn) graphql.ParseValueFn {
	refusal := errors.New("it must be " + expected)
	return func(value any) any {
		if parsed := parse(value); parsed != nil {
			return parsed
		}
		return refusal
	}
}

func text(value any) any {
	if s, ok := value.(string); ok {
		return s
	}
	return nil
}

// wholeNumber returns an int64. Anything that is not exactly one is refused
// rather than rounded: a version or a count must be what was meant.
func wholeNumber(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case int64:
		return v
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
	}
	return nil
}

func numberOrText(value any) any {
	switch value.(type) {
	case string, int, int64, json.Number:
		return value
	}
	return nil
}

// mostExact is the greatest number up to which JavaScript knows all whole numbers.
const mostExact = 1<<53 - 1

// exactJSON leaves a value as it is, but for whole numbers that a client in
// JavaScript would round: those are texts.
func exactJSON(value any) any {
	switch v := value.(type) {
	case int64:
		if v > mostExact || v < -mostExact {
			return strconv.FormatInt(v, 10)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return exactJSON(n)
		}
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = exactJSON(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, item := range v {
			object[key] = exactJSON(item)
		}
		return object
	}
	return value
}

// answered is a value as the API answers a field of the model: in history and
// wherever else a value has no type of its own. f is nil for a field that is gone.
func answered(f *schema.Field, value any) any {
	switch v := value.(type) {
	case int64:
		if f != nil && f.Type == "integer" && !f.Within32Bits() {
			return strconv.FormatInt(v, 10)
		}
	case []any:
		if f != nil && f.Of != nil {
			f = f.Of // else it is that of the items already
		}
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = answered(f, item)
		}
		return list
	case map[string]any:
		if f != nil {
			object := make(map[string]any, len(v))
			for key, item := range v {
				object[key] = answered(f.Sub(key), item)
			}
			return object
		}
	}
	return value
}
