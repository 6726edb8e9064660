package execution

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/graphql-go/graphql"
)

// literal writes a default value, in the form that resolvers see, as a client
// would write it in a document.
func literal(t graphql.Type, value any) (string, error) {
	if nonNull, ok := t.(*graphql.NonNull); ok {
		t = nonNull.OfType
	}
	if isNil(value) {
		return "null", nil
	}
	switch t := t.(type) {
	case *graphql.List:
		return listLiteral(t, value)
	case *graphql.InputObject:
		return objectLiteral(t, value)
	case *graphql.Enum:
		name, ok := t.Serialize(value).(string)
		if !ok {
			return "", fmt.Errorf("enum %s has no such value", t.Name())
		}
		return name, nil
	case *graphql.Scalar:
		out, err := serialize(t, value)
		if err != nil {
			return "", err
		}
		return plainLiteral(out)
	}
	return "", fmt.Errorf("%s is not an input type", t)
}

func listLiteral(t *graphql.List, value any) (string, error) {
	items := reflect.ValueOf(value)
	if items.Kind() != reflect.Slice {
		return literal(t.OfType, value)
	}
	texts := make([]string, items.Len())
	for i := range texts {
		text, err := literal(t.OfType, items.Index(i).Interface())
		if err != nil {
			return "", err
		}
		texts[i] = text
	}
	return "[" + strings.Join(texts, ", ") + "]", nil
}

func objectLiteral(t *graphql.InputObject, value any) (string, error) {
	values, ok := value.(map[string]any)
	if !ok {
		return "", fmt.Errorf("a default of %s must be a map[string]any, not %T", t.Name(), value)
	}
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		def := t.Fields()[name]
		if def == nil {
			return "", fmt.Errorf("%s has no field %q", t.Name(), name)
		}
		text, err := literal(def.Type, values[name])
		if err != nil {
			return "", err
		}
		texts = append(texts, name+": "+text)
	}
	return "{" + strings.Join(texts, ", ") + "}", nil
}

// plainLiteral writes the value of a scalar, whose type says nothing of its form.
func plainLiteral(value any) (string, error) {
	switch value := value.(type) {
	case nil:
		return "null", nil
	case string:
		return quote(value), nil
	case bool:
		return strconv.FormatBool(value), nil
	case json.RawMessage:
		decoded, err := decodeNumbers(value)
		if err != nil {
			return "", err
		}
		return plainLiteral(decoded)
	case []any:
		texts := make([]string, len(value))
		for i, item := range value {
			text, err := plainLiteral(item)
			if err != nil {
				return "", err
			}
			texts[i] = text
		}
		return "[" + strings.Join(texts, ", ") + "]", nil
	case map[string]any:
		texts := make([]string, 0, len(value))
		for _, key := range slices.Sorted(maps.Keys(value)) {
			text, err := plainLiteral(value[key])
			if err != nil {
				return "", err
			}
			texts = append(texts, key+": "+text)
		}
		return "{" + strings.Join(texts, ", ") + "}", nil
	}
	return string(appendLeaf(nil, value)), nil
}

func sortedEnumValues(t *graphql.Enum) []*graphql.EnumValueDefinition {
	values := append([]*graphql.EnumValueDefinition(nil), t.Values()...)
	sort.Slice(values, func(i, j int) bool { return values[i].Name < values[j].Name })
	return values
}
