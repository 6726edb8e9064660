package graphql

import (
	"encoding/json"

	"github.com/graphql-go/graphql"
	"github.com/graphql-go/graphql/language/ast"
)

// The scalars pass canonical values through as they are; whether a value fits
// is decided by schema, in one place, with all violations at once.
var (
	long     = scalar("Long", "A whole number of up to 64 bits, written as a number.", isNumber)
	decimal  = scalar("Decimal", "An exact decimal number, written as a text: \"12.50\".", isNumberOrText)
	date     = scalar("Date", "A day of the calendar without a time zone: \"2026-02-28\".", isText)
	dateTime = scalar("DateTime", "An instant in UTC (RFC 3339): \"2026-02-28T09:30:00.000Z\".", isText)
	anyJSON  = scalar("JSON", "Any value, as JSON.", func(any) bool { return true })
)

func scalar(name, description string, fits func(any) bool) *graphql.Scalar {
	// graphql-go asks for ParseLiteral, which the engine never calls: it makes
	// values of literals itself and hands them to ParseValue.
	return graphql.NewScalar(graphql.ScalarConfig{
		Name: name, Description: description,
		Serialize: func(value any) any { return value },
		ParseValue: func(value any) any {
			if !fits(value) {
				return nil // which the engine reports with the position
			}
			return value
		},
		ParseLiteral: func(ast.Value) any { return nil },
	})
}

func isText(value any) bool {
	_, ok := value.(string)
	return ok
}

func isNumber(value any) bool {
	switch value.(type) {
	case int, int64, float64, json.Number:
		return true
	}
	return false
}

func isNumberOrText(value any) bool { return isText(value) || isNumber(value) }
