package sqlite

import (
	"database/sql/driver"
	"unicode/utf8"

	"github.com/openxrm/xrm/schema"
	"modernc.org/sqlite"
)

// anyCaseFunction is the SQL function schema.AnyCase. What is no text stays as it is.
const anyCaseFunction = "xrm_any_case"

func anyCase(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	if text, isText := args[0].(string); isText {
		return schema.AnyCase(text), nil
	}
	return args[0], nil
}

// compareAnyCase translates a comparison of texts, whatever their case.
func (s *statement) compareAnyCase(f schema.Filter, expression, text string) string {
	expression, text = anyCaseFunction+"("+expression+")", schema.AnyCase(text)
	switch length := utf8.RuneCountInString(text); f.Op {
	case schema.OpEqAnyCase:
		return "(" + expression + " = " + s.arg(text) + ")"
	case schema.OpContainsAnyCase:
		return "(instr(" + expression + ", " + s.arg(text) + ") > 0)"
	case schema.OpStartsWithAnyCase:
		return "(substr(" + expression + ", 1, " + s.arg(length) + ") = " + s.arg(text) + ")"
	case schema.OpEndsWithAnyCase:
		return "(substr(" + expression + ", " + s.arg(-length) + ") = " + s.arg(text) + ")"
	}
	return s.fail("%s %s %v is not for a store", f.Path, f.Op, f.Value)
}
