package schema

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
)

// Why a text is no cursor of a list. Each completes "The cursor …".
var (
	ErrNoCursor   = errors.New("is no cursor of this list")
	ErrOtherOrder = errors.New("belongs to another order; start again from the first page")
)

// cursor is a position in a list as clients get it: a keyset cursor costs the same
// on every page. It says which order it belongs to, so that it is not used with
// another.
type cursor struct {
	Order  []string `json:"o"`
	Values []any    `json:"v"`
}

// Cursor is the text for a Position. It is opaque to clients, and stays good while
// records come and go.
func Cursor(order []Order, position []any) string {
	values := slices.Clone(position)
	for i, o := range order {
		if !o.Field.Reads(values[i]) {
			values[i] = map[string]any{liesThere: values[i]}
		}
	}
	text, _ := json.Marshal(cursor{Order: signature(order), Values: values}) // canonical values always have a JSON form
	return base64.RawURLEncoding.EncodeToString(text)
}

// ReadCursor returns the Position that Cursor was given, whose values go into a
// query as they are. The error is ErrNoCursor or ErrOtherOrder.
func ReadCursor(order []Order, text string) (position []any, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	c := cursor{}
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.UseNumber()
		err = decoder.Decode(&c)
	}
	if err != nil || len(c.Values) != len(c.Order)+1 {
		return nil, ErrNoCursor
	}
	if !slices.Equal(c.Order, signature(order)) {
		return nil, ErrOtherOrder
	}
	for i, o := range order {
		if c.Values[i], err = positioned(o.Field, c.Values[i]); err != nil {
			return nil, ErrNoCursor
		}
	}
	if id, ok := c.Values[len(order)].(string); !ok || id == "" {
		return nil, ErrNoCursor
	}
	return c.Values, nil
}

// liesThere marks a value in a cursor that the field does not read.
const liesThere = "lies"

// misreadValue is a value of another type than the field has now: the page goes on
// behind it all the same.
func misreadValue(raw any) (any, error) {
	switch v := raw.(type) {
	case string:
		if IsText(v) {
			return v, nil
		}
	case bool:
		return v, nil
	case json.Number:
		return v.Int64()
	}
	return nil, ErrNoCursor
}

// positioned reads one value of a position. A text is as it lies there, in whatever
// form: the page goes on behind this very value. A date has one form alone.
func positioned(f *Field, value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	if lying, ok := value.(map[string]any); ok {
		return misreadValue(lying[liesThere])
	}
	if text, ok := value.(string); ok && f.Type != "date" && (f.Type == "text" || slices.Contains(wordTypes, f.Type)) {
		if !IsText(text) {
			return nil, ErrNoCursor
		}
		return text, nil
	}
	free := Field{Type: f.Type, Options: f.Options, To: f.To}
	return free.Kind().Parse(&free, value, Scope{})
}

func signature(order []Order) []string {
	keys := make([]string, len(order))
	for i, o := range order {
		keys[i] = o.Path
		if o.Descending {
			keys[i] = "-" + o.Path
		}
	}
	return keys
}
