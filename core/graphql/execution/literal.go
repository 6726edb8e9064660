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
	"github.com/vektah/gqlparser/v2/ast"
)

// literal makes of a default value, in the form that resolvers see, what a
// client would write in a document.
func literal(t graphql.Type, value any) (*ast.Value, error) {
	if nonNull, ok := t.(*graphql.NonNull); ok {
		t = nonNull.OfType
	}
	if isNil(value) {
		return null(), nil
	}
	switch t := t.(type) {
	case *graphql.List:
		return listLiteral(t, value)
	case *graphql.InputObject:
		return objectLiteral(t, value)
	case *graphql.Enum:
		name, ok := t.Serialize(value).(string)
		if !ok {
			return nil, fmt.Errorf("enum %s has no such value", t.Name())
		}
		return &ast.Value{Kind: ast.EnumValue, Raw: name}, nil
	case *graphql.Scalar:
		out, err := serialize(t, value)
		if err != nil {
			return nil, err
		}
		return plainLiteral(out)
	}
	return nil, fmt.Errorf("%s is not an input type", t)
}

func null() *ast.Value { return &ast.Value{Kind: ast.NullValue, Raw: "null"} }

func listLiteral(t *graphql.List, value any) (*ast.Value, error) {
	items := reflect.ValueOf(value)
	if items.Kind() != reflect.Slice {
		return literal(t.OfType, value)
	}
	list := &ast.Value{Kind: ast.ListValue}
	for i := range items.Len() {
		item, err := literal(t.OfType, items.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		list.Children = append(list.Children, &ast.ChildValue{Value: item})
	}
	return list, nil
}

func objectLiteral(t *graphql.InputObject, value any) (*ast.Value, error) {
	values, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a default of %s must be a map[string]any, not %T", t.Name(), value)
	}
	object := &ast.Value{Kind: ast.ObjectValue}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		def := t.Fields()[name]
		if def == nil {
			return nil, fmt.Errorf("%s has no field %q", t.Name(), name)
		}
		child, err := literal(def.Type, values[name])
		if err != nil {
			return nil, err
		}
		object.Children = append(object.Children, &ast.ChildValue{Name: name, Value: child})
	}
	return object, nil
}

// plainLiteral is the value of a scalar, whose type says nothing of its form.
func plainLiteral(value any) (*ast.Value, error) {
	switch value := value.(type) {
	case nil:
		return null(), nil
	case string:
		return &ast.Value{Kind: ast.StringValue, Raw: value}, nil
	case bool:
		return &ast.Value{Kind: ast.BooleanValue, Raw: strconv.FormatBool(value)}, nil
	case json.RawMessage:
		decoded, err := decodeNumbers(value)
		if err != nil {
			return nil, err
		}
		return plainLiteral(decoded)
	case []any:
		list := &ast.Value{Kind: ast.ListValue}
		for _, item := range value {
			child, err := plainLiteral(item)
			if err != nil {
				return nil, err
			}
			list.Children = append(list.Children, &ast.ChildValue{Value: child})
		}
		return list, nil
	case map[string]any:
		object := &ast.Value{Kind: ast.ObjectValue}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			child, err := plainLiteral(value[key])
			if err != nil {
				return nil, err
			}
			object.Children = append(object.Children, &ast.ChildValue{Name: key, Value: child})
		}
		return object, nil
	}
	number := string(appendLeaf(nil, value))
	if strings.ContainsAny(number, ".eE") {
		return &ast.Value{Kind: ast.FloatValue, Raw: number}, nil
	}
	return &ast.Value{Kind: ast.IntValue, Raw: number}, nil
}

// literalText writes a literal for people, with the spaces that gqlparser
// leaves out.
func literalText(v *ast.Value) string {
	texts := make([]string, len(v.Children))
	for i, child := range v.Children {
		texts[i] = literalText(child.Value)
		if v.Kind == ast.ObjectValue {
			texts[i] = child.Name + ": " + texts[i]
		}
	}
	switch v.Kind {
	case ast.ListValue:
		return "[" + strings.Join(texts, ", ") + "]"
	case ast.ObjectValue:
		return "{" + strings.Join(texts, ", ") + "}"
	}
	return v.String()
}

func sortedEnumValues(t *graphql.Enum) []*graphql.EnumValueDefinition {
	values := append([]*graphql.EnumValueDefinition(nil), t.Values()...)
	sort.Slice(values, func(i, j int) bool { return values[i].Name < values[j].Name })
	return values
}
