package core

import "encoding/json"

// Typed is a canonical text of which its store knows more than that it is one. So a
// value keeps its type in a backup, also where no model says which type that is.
type Typed struct {
	Type string // "decimal" or "datetime"
	Text string
}

// MarshalJSON writes {"$decimal": "1.50"}: no field has such a name.
func (t Typed) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"$" + t.Type: t.Text})
}

// Plain returns a value with texts in place of what is Typed; nothing is shared with
// the argument but what cannot change.
func Plain(value any) any {
	switch v := value.(type) {
	case Typed:
		return v.Text
	case map[string]any:
		plain := make(map[string]any, len(v))
		for name, inner := range v {
			plain[name] = Plain(inner)
		}
		return plain
	case []any:
		plain := make([]any, len(v))
		for i, item := range v {
			plain[i] = Plain(item)
		}
		return plain
	}
	return value
}
