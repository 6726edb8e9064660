package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

func TestEveryPartOfAStoredValueThatNoFieldReadsIsNamedWithWhatIsRight(t *testing.T) {
	t.Parallel()
	m, err := schema.Load(schema.Source{File: "order.yaml", Data: []byte(`entity: order
fields:
  size: {type: integer}
  note: {type: text}
  open: {type: boolean}
  day: {type: date}
  color: {type: enum, options: [red, green]}
  price: {type: money}
  tags: {type: list, of: {type: text}}
  place: {type: object, fields: {city: {type: text}, area: {type: decimal}}}
  lines: {type: list, of: {type: object, fields: {count: {type: integer}}}}
`)})
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		field string
		value any
		want  []string
	}{
		"nothing":                   {"size", nil, nil},
		"what fits":                 {"size", int64(7), nil},
		"a text for a number":       {"size", "x", []string{"size holds the text x, but must be a whole number"}},
		"a text that has a number":  {"size", "12", []string{"size holds the text 12, but must be the integer 12"}},
		"a number for a text":       {"note", int64(7), []string{"note holds the number 7, but must be a text"}},
		"a text for a truth":        {"open", "perhaps", []string{"open holds the text perhaps, but must be true or false"}},
		"a text for a day":          {"day", "soon", []string{"day holds the text soon, but must be a date such as 2026-02-28"}},
		"an option that is gone":    {"color", "blue", []string{"color holds the text blue, but must be one of red, green"}},
		"a text for an object":      {"place", "Ulm", []string{"place holds the text Ulm, but must be an object"}},
		"a list for a text":         {"note", []any{"a"}, []string{"note holds a list, but must be a text"}},
		"parts of an object":        {"place", map[string]any{"city": int64(1), "area": "big"}, []string{"place.city holds the number 1, but must be a text", "place.area holds the text big, but must be a decimal number such as 12.50"}},
		"parts of a money value":    {"price", map[string]any{"amount": "much", "currency": "EUR"}, []string{"price.amount holds the text much, but must be a decimal number such as 12.50"}},
		"items":                     {"tags", []any{"a", int64(2), nil}, []string{"tags[1] holds the number 2, but must be a text", "tags[2] holds nothing, but an item must have a value"}},
		"parts of items":            {"lines", []any{map[string]any{"count": int64(1)}, map[string]any{"count": "x"}}, []string{"lines[1].count holds the text x, but must be a whole number"}},
		"what no field knows":       {"place", map[string]any{"city": "Ulm", "gone": int64(1)}, nil},
		"an item that is no object": {"lines", []any{"x"}, []string{"lines[0] holds the text x, but must be an object"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for at, unread := range m.Entity("order").Field(tt.field).Misreads(tt.field, tt.value) {
				got = append(got, at+" "+unread.Reason)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
