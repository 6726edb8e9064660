package graphql

import (
	"encoding/json"

	"github.com/graphql-go/graphql"
	"github.com/graphql-go/graphql/language/ast"
)

// The scalars pass canonical values through as they are; whether a value fits
// is decided by schema, in one place, with all violations at once.
var (
	long     = scalar("Long", "A whole number of up to 64 bits, written as a number.", wholeNumber)
	decimal  = scalar("Decimal", "An exact decimal number, written as a text: \"12.50\".", numberOrText)
	date     = scalar("Date", "A day of the calendar without a time zone: \"2026-02-28\".", text)
	dateTime = scalar("DateTime", "An instant in UTC (RFC 3339): \"2026-02-28T09:30:00.000Z\".", text)
	anyJSON  = scalar("JSON", "Any value, as JSON.", func(value any) any { return value })
)

// scalar makes a type whose values parse brings into the form that schema
// takes; nil refuses one, which the engine reports with its position.
func scalar(name, description string, parse graphql.ParseValueFn) *graphql.Scalar {
	return graphql.NewScalar(graphql.ScalarConfig{
		Name: name, Description: description,
		Serialize:  graphql.SerializeFn(parse), // a stored value of another type is an error, not an answer of the wrong type
		ParseValue: parse,
		// graphql-go asks for ParseLiteral, which the engine never calls: it makes
		// values of literals itself and hands them to ParseValue.
		ParseLiteral: func(ast.Value) any { return nil },
	})
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
