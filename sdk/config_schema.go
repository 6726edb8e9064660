package sdk

import (
	"encoding/json"
	"reflect"
	"strings"
)

// jsonSchema is the part of JSON Schema (draft 2020-12) that a Config needs.
type jsonSchema struct {
	Dialect     string                 `json:"$schema,omitempty"`
	Type        string                 `json:"type,omitempty"`
	Description string                 `json:"description,omitempty"`
	Default     json.RawMessage        `json:"default,omitempty"`
	Enum        []string               `json:"enum,omitempty"`
	Pattern     string                 `json:"pattern,omitempty"`
	Examples    []string               `json:"examples,omitempty"` // of what the pattern means, for messages
	Items       *jsonSchema            `json:"items,omitempty"`
	Properties  map[string]*jsonSchema `json:"properties,omitempty"`
	Required    []string               `json:"required,omitempty"`
	Closed      *bool                  `json:"additionalProperties,omitempty"`
}

func (c *Config[T]) describe(t *typer) []byte {
	schema := t.configured("the configuration", reflect.TypeFor[T]())
	schema.Dialect = "https://json-schema.org/draft/2020-12/schema"
	if schema.Type != "object" {
		t.mistake("the configuration is a %s; it must be a struct", reflect.TypeFor[T]())
	}
	encoded, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.mistake("the JSON Schema of the configuration: %w", err)
	}
	return encoded
}

// configured makes the schema of one type; where says in messages what has it.
func (t *typer) configured(where string, g reflect.Type) *jsonSchema {
	switch g {
	case reflect.TypeFor[Duration]():
		return &jsonSchema{Type: "string", Pattern: `^([0-9]+d|([0-9]+d)?([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+)$`, Examples: []string{"48h", "1h30m", "14d"}}
	case reflect.TypeFor[Decimal]():
		return &jsonSchema{Type: "string", Pattern: `^-?[0-9]+(\.[0-9]+)?$`, Examples: []string{"12.50"}}
	}
	switch g.Kind() {
	case reflect.Pointer:
		return t.configured(where, g.Elem())
	case reflect.String:
		return &jsonSchema{Type: "string"}
	case reflect.Bool:
		return &jsonSchema{Type: "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return &jsonSchema{Type: "integer"}
	case reflect.Slice:
		return &jsonSchema{Type: "array", Items: t.configured(where, g.Elem())}
	case reflect.Struct:
		return t.configuredObject(g)
	}
	t.mistake("%s is a %s, which a configuration cannot have; see the documentation of sdk.Config", where, g)
	return &jsonSchema{}
}

func (t *typer) configuredObject(g reflect.Type) *jsonSchema {
	closed := false
	object := &jsonSchema{Type: "object", Properties: map[string]*jsonSchema{}, Closed: &closed}
	for i := range g.NumField() {
		f := g.Field(i)
		where := g.Name() + "." + f.Name
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
			continue
		case name == "":
			t.mistake("%s needs a json tag: it names the setting", where)
			continue
		}
		property := t.configured(where, f.Type)
		property.Description = f.Tag.Get("doc")
		if options, ok := f.Tag.Lookup("enum"); ok {
			property.Enum = strings.Split(options, ",")
		}
		if text, ok := f.Tag.Lookup("default"); ok {
			property.Default = t.defaultValue(where, property.Type, text)
		} else if f.Type.Kind() != reflect.Pointer && f.Type.Kind() != reflect.Struct {
			object.Required = append(object.Required, name)
		}
		object.Properties[name] = property
	}
	return object
}

// defaultValue is what stands in a default tag: a text as it is, anything else
// as JSON.
func (t *typer) defaultValue(where, kind, text string) json.RawMessage {
	if kind == "string" {
		encoded, _ := json.Marshal(text) // of a string it cannot fail
		return encoded
	}
	if !json.Valid([]byte(text)) {
		t.mistake("%s has the default %q, which is no %s", where, text, kind)
		return nil
	}
	return json.RawMessage(text)
}
