package schema_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

var (
	byName = schema.Order{Path: "name", Field: &schema.Field{Name: "name", Type: "text"}}
	bySize = schema.Order{Path: "size", Field: &schema.Field{Name: "size", Type: "integer"}, Descending: true}
	byRate = schema.Order{Path: "rate", Field: &schema.Field{Name: "rate", Type: "decimal"}}
)

func TestACursorLeadsBackToItsPosition(t *testing.T) {
	tests := map[string]struct {
		order    []schema.Order
		position []any
	}{
		"by id":                  {nil, []any{"x"}},
		"by a text":              {[]schema.Order{byName}, []any{"Zoë", "x"}},
		"by a text of before":    {[]schema.Order{byName}, []any{"Zoe\u0308\a ", "x"}},
		"by numbers":             {[]schema.Order{bySize, byRate}, []any{int64(1) << 60, "0.10000000000000000001", "x"}},
		"by what no field reads": {[]schema.Order{bySize, byRate}, []any{"twelve", true, "x"}},
		"where a value is not":   {[]schema.Order{byName, bySize}, []any{nil, int64(0), "x"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := schema.ReadCursor(tt.order, schema.Cursor(tt.order, tt.position))
			if diff := cmp.Diff(tt.position, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestACursorIsRefusedWhereItDoesNotBelong(t *testing.T) {
	zoe := schema.Cursor([]schema.Order{byName}, []any{"Zoe", "x"})
	text := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	descending := byName
	descending.Descending = true
	city := byName
	city.Path = "city"
	tests := map[string]struct {
		order []schema.Order
		text  string
		want  error
	}{
		"another field":            {[]schema.Order{city}, zoe, schema.ErrOtherOrder},
		"the other direction":      {[]schema.Order{descending}, zoe, schema.ErrOtherOrder},
		"one key more":             {[]schema.Order{byName, bySize}, zoe, schema.ErrOtherOrder},
		"no key":                   {nil, zoe, schema.ErrOtherOrder},
		"no base64":                {[]schema.Order{byName}, "Zoe!", schema.ErrNoCursor},
		"no JSON":                  {[]schema.Order{byName}, text("Zoe"), schema.ErrNoCursor},
		"of the first plugins":     {[]schema.Order{byName}, `["Zoe","x"]`, schema.ErrNoCursor},
		"a value too few":          {[]schema.Order{byName}, text(`{"o":["name"],"v":["x"]}`), schema.ErrNoCursor},
		"a value of another type":  {[]schema.Order{byName}, text(`{"o":["name"],"v":[7,"x"]}`), schema.ErrNoCursor},
		"an operator in its place": {[]schema.Order{byName}, text(`{"o":["name"],"v":[{"$gt":""},"x"]}`), schema.ErrNoCursor},
		"no id":                    {[]schema.Order{byName}, text(`{"o":["name"],"v":["Zoe",""]}`), schema.ErrNoCursor},
		"an id that is no text":    {[]schema.Order{byName}, text(`{"o":["name"],"v":["Zoe",7]}`), schema.ErrNoCursor},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := schema.ReadCursor(tt.order, tt.text); !errors.Is(err, tt.want) {
				t.Errorf("ReadCursor = %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestPositionsComeInTheirOrder(t *testing.T) {
	tests := map[string]struct {
		order []schema.Order
		want  [][]any // the first before the second before …
	}{
		"by id":                            {nil, [][]any{{"a"}, {"b"}}},
		"by a value, those without first":  {[]schema.Order{byRate}, [][]any{{nil, "c"}, {"9", "b"}, {"10", "a"}, {"10", "b"}}},
		"descending, with the id":          {[]schema.Order{bySize}, [][]any{{int64(10), "b"}, {int64(10), "a"}, {int64(9), "c"}, {nil, "d"}}},
		"the last key says how ids go":     {[]schema.Order{bySize, byName}, [][]any{{int64(2), "A", "a"}, {int64(2), "A", "b"}, {int64(1), "Z", "c"}}},
		"the second where the first is it": {[]schema.Order{byName, bySize}, [][]any{{nil, int64(2), "a"}, {nil, int64(1), "z"}, {"A", nil, "b"}, {"A", nil, "a"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for i, a := range tt.want {
				for j, b := range tt.want {
					if got, want := sign(schema.ComparePositions(nil, tt.order, a, b)), sign(i-j); got != want {
						t.Errorf("%v and %v: %d, want %d", a, b, got, want)
					}
				}
			}
		})
	}
}

func sign(n int) int { return min(max(n, -1), 1) }
