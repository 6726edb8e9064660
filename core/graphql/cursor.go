package graphql

import (
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func encodeCursor(order []core.Order, r *core.Record) string {
	return schema.Cursor(order, schema.Position(order, r.At))
}

func decodeCursor(order []core.Order, text, argument string) ([]any, error) {
	position, err := schema.ReadCursor(order, text)
	if err != nil {
		return nil, invalidArgument(argument, "cursor", err.Error())
	}
	return position, nil
}

// invalidArgument is the error of an argument that does not fit.
func invalidArgument(argument, rule, message string) error {
	return &core.Error{
		Code: core.Invalid, Message: "The argument " + argument + " " + message + ".",
		Violations: schema.Violations{{Field: argument, Rule: rule, Message: message}},
	}
}
