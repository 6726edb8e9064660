package schema

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

//go:generate go test . -run "TestTheJSONSchemaIsCurrent|TestTheTables" -update

// JSONSchema describes the language for editors, as a JSON Schema (draft 7,
// which most of them understand), made from the types that the loader fills.
// It is checked in as entity.schema.json.
func JSONSchema() []byte {
	entity := structSchema(reflect.TypeFor[Entity]())
	entity["$schema"] = "http://json-schema.org/draft-07/schema#"
	entity["title"] = "xRM entity, role or extension"
	entity["oneOf"] = []any{
		object{"required": []string{"entity", "fields"}},
		object{"required": []string{"role", "of"}},
		object{"required": []string{"extend"}, "propertyNames": object{"enum": []string{"extend", "fields", "indexes"}}},
	}
	properties := entity["properties"].(object)
	properties["filterable"].(object)["enum"] = []string{"indexed", "all"}
	for _, name := range []string{"entity", "role", "extend", "plural"} {
		properties[name].(object)["pattern"] = nameForm.String()
	}
	entity["definitions"] = object{
		"field": fieldSchema(),
		"fields": object{
			"type": "object", "propertyNames": object{"pattern": nameForm.String(), "not": object{"enum": reserved}},
			"additionalProperties": ref("field"),
		},
		"label":   structSchema(reflect.TypeFor[Label]()),
		"texts":   object{"type": []string{"string", "object"}, "propertyNames": languageForm, "additionalProperties": object{"type": "string"}},
		"options": optionsSchema(),
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(entity); err != nil {
		panic(err) // it consists of maps and texts
	}
	return out.Bytes()
}

type object = map[string]any

var languageForm = object{"pattern": "^[a-z]{2,3}(-[A-Za-z0-9]+)*$"}

func ref(definition string) object { return object{"$ref": "#/definitions/" + definition} }

// structSchema allows the keys of a struct's yaml tags and nothing else.
func structSchema(t reflect.Type) object {
	properties := object{}
	for i := range t.NumField() {
		f := t.Field(i)
		if key := f.Tag.Get("yaml"); key != "" && key != "-" {
			property := valueSchema(f.Type)
			if _, isRef := property["$ref"]; isRef {
				property = object{"allOf": []any{property}} // beside a $ref everything is ignored
			}
			property["description"] = f.Tag.Get("doc")
			properties[key] = property
		}
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func valueSchema(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[Text]():
		return ref("texts")
	case reflect.TypeFor[Labels]():
		return object{"type": "object", "propertyNames": languageForm, "additionalProperties": ref("label")}
	case reflect.TypeFor[Fields]():
		return ref("fields")
	case reflect.TypeFor[*Field]():
		return ref("field")
	case reflect.TypeFor[Options]():
		return ref("options")
	}
	switch t.Kind() {
	case reflect.Pointer:
		return valueSchema(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Slice:
		return object{"type": "array", "items": valueSchema(t.Elem())}
	}
	return object{} // any value
}

// fieldSchema says for each type which options belong to it.
func fieldSchema() object {
	field := structSchema(reflect.TypeFor[Field]())
	field["required"] = []string{"type"}
	var names, docs, own []string
	for _, t := range Types() {
		names, docs, own = append(names, t.Name()), append(docs, t.Doc()), append(own, t.Options()...)
	}
	kind := field["properties"].(object)["type"].(object)
	kind["enum"], kind["enumDescriptions"] = names, docs

	field["properties"].(object)["onDelete"].(object)["enum"] = deletionRules

	var general []string
	for key := range field["properties"].(object) {
		if !slices.Contains(own, key) {
			general = append(general, key)
		}
	}
	var cases []any
	for _, t := range Types() {
		allowed := append(slices.Clone(general), t.Options()...)
		slices.Sort(allowed)
		then := object{"propertyNames": object{"enum": allowed}}
		if option := NeededOption(t); option != "" {
			then["required"] = []string{option}
		}
		cases = append(cases, object{
			"if":   object{"properties": object{"type": object{"const": t.Name()}}, "required": []string{"type"}},
			"then": then,
		})
	}
	field["allOf"] = cases
	return field
}

func optionsSchema() object {
	value := object{"pattern": enumValue.String(), "not": object{"enum": []string{"true", "false", "null"}}}
	label := object{
		"type": "object", "properties": object{
			"inverse":    object{"allOf": []any{ref("texts")}, "description": "What it is called seen from the other side, by language: employs for works for."},
			"next":       object{"type": "array", "items": object{"type": "string"}, "description": "state: the states that a record goes to from here; none for a final one."},
			"initial":    object{"type": "boolean", "description": "state: a record may begin here, besides in the default state."},
			"deprecated": object{"type": []string{"boolean", "string"}, "description": "true, or why: records that have it keep it, and nobody chooses it anew."},
		},
		"additionalProperties": object{"type": "string"},
	}
	item := object{"type": "string"}
	for key, rule := range value {
		item[key] = rule
	}
	return object{"oneOf": []any{
		object{"type": "array", "items": item, "minItems": 1, "uniqueItems": true},
		object{"type": "object", "propertyNames": value, "additionalProperties": label, "minProperties": 1},
	}}
}

// NeededOption returns the option without which a field of a type says
// nothing, such as options of an enum, or "".
func NeededOption(t Type) string {
	faults := strings.Join(t.Lint(&Field{Type: t.Name()}), " ")
	for _, option := range t.Options() {
		if strings.Contains(faults, option) {
			return option
		}
	}
	return ""
}
