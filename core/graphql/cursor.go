package graphql

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// cursor is a position in a list: the values that the list is sorted by, and
// the id (a keyset cursor, which costs the same on every page). It says which
// order it belongs to, so that it is not used with another.
type cursor struct {
	Order  []string `json:"o"`
	Values []any    `json:"v"`
}

func encodeCursor(order []core.Order, r *core.Record) string {
	c := cursor{Order: signature(order)}
	for _, o := range order {
		c.Values = append(c.Values, r.At(o.Path))
	}
	c.Values = append(c.Values, r.ID)
	text, _ := json.Marshal(c) // canonical values always have a JSON form
	return base64.RawURLEncoding.EncodeToString(text)
}

func decodeCursor(order []core.Order, text, argument string) ([]any, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	c := cursor{}
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		err = decoder.Decode(&c)
	}
	if err != nil || len(c.Values) != len(c.Order)+1 {
		return nil, badCursor(argument, "is no cursor of this list")
	}
	if !slices.Equal(c.Order, signature(order)) {
		return nil, badCursor(argument, "belongs to another order; start again from the first page")
	}
	for i, o := range order {
		if c.Values[i] == nil {
			continue
		}
		free := schema.Field{Type: o.Field.Type, Options: o.Field.Options, To: o.Field.To}
		if c.Values[i], err = free.Kind().Parse(&free, c.Values[i], schema.Scope{}); err != nil {
			return nil, badCursor(argument, "is no cursor of this list")
		}
	}
	if id, ok := c.Values[len(order)].(string); !ok || id == "" {
		return nil, badCursor(argument, "is no cursor of this list")
	}
	return c.Values, nil
}

func badCursor(argument, message string) error {
	return invalidArgument(argument, "cursor", message)
}

// invalidArgument is the error of an argument that does not fit.
func invalidArgument(argument, rule, message string) error {
	return &core.Error{
		Code: core.Invalid, Message: "The argument " + argument + " " + message + ".",
		Violations: schema.Violations{{Field: argument, Rule: rule, Message: message}},
	}
}

func signature(order []core.Order) []string {
	keys := make([]string, len(order))
	for i, o := range order {
		keys[i] = o.Path
		if o.Descending {
			keys[i] = "-" + o.Path
		}
	}
	return keys
}
