package execution

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// coercion turns input into what resolvers get, and collects everything that
// is wrong with it. Resolvers get: Int as int, Float as float64, String and ID
// as string, Boolean as bool, an enum as its internal value, a list as []any,
// an input object as map[string]any, a custom scalar as what it parses to.
// What was left out is a missing key, an explicit null is a key with nil.
type coercion struct {
	seen   *view          // for values that came as JSON; those of documents are validated
	vars   map[string]any // of the operation, coerced; nil while they are
	report func(path, message string, args ...any)
}

// value coerces a value that came as JSON.
func (c *coercion) value(t graphql.Type, v any, path string) any {
	if nonNull, ok := t.(*graphql.NonNull); ok {
		if v == nil {
			c.report(path, "Expected non-nullable type %q not to be null.", t)
			return nil
		}
		t = nonNull.OfType
	}
	if v == nil {
		return nil
	}
	switch t := t.(type) {
	case *graphql.List:
		list, ok := v.([]any)
		if !ok {
			return []any{c.value(t.OfType, v, path)}
		}
		out := make([]any, len(list))
		for i, item := range list {
			out[i] = c.value(t.OfType, item, path+"["+strconv.Itoa(i)+"]")
		}
		return out
	case *graphql.InputObject:
		return c.object(t, v, path)
	case *graphql.Enum:
		return c.enum(t, v, path)
	case *graphql.Scalar:
		out, err := parseScalar(t, v)
		if err != nil {
			c.report(path, "%s", err)
		}
		return out
	}
	return nil
}

func (c *coercion) object(t *graphql.InputObject, v any, path string) any {
	given, ok := v.(map[string]any)
	if !ok {
		c.report(path, "Expected type %q to be an object.", t)
		return nil
	}
	fields, hidden := t.Fields(), c.seen.hidden[t.Name()]
	out := make(map[string]any, len(given))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if hidden[name] {
			continue
		}
		def := fields[name]
		if value, ok := given[name]; ok {
			out[name] = c.value(def.Type, value, path+"."+name)
		} else {
			c.absent(out, t, def, path)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if fields[name] == nil || hidden[name] {
			c.unknown(path, fmt.Sprintf("Field %q is not defined by type %q.", name, t), name, slices.Sorted(maps.Keys(fields)), hidden)
		}
	}
	return out
}

func (c *coercion) absent(out map[string]any, t *graphql.InputObject, def *graphql.InputObjectField, path string) {
	if def.DefaultValue != nil {
		out[def.Name()] = copied(def.DefaultValue)
	} else if _, required := def.Type.(*graphql.NonNull); required {
		c.report(path, "Field %q of required type %q was not provided.", t.Name()+"."+def.Name(), def.Type)
	}
}

func (c *coercion) enum(t *graphql.Enum, v any, path string) any {
	name, ok := v.(string)
	if !ok {
		c.report(path, "Enum %q cannot represent non-string value: %s.", t, shown(v))
		return nil
	}
	out, hidden := t.ParseValue(name), c.seen.hidden[t.Name()]
	if out == nil || hidden[name] {
		var names []string
		for _, value := range sortedEnumValues(t) {
			names = append(names, value.Name)
		}
		c.unknown(path, fmt.Sprintf("Value %q does not exist in %q enum.", name, t), name, names, hidden)
		return nil
	}
	return out
}

// unknown reports a name that is not there, with those near to it that are.
func (c *coercion) unknown(path, message, name string, names []string, hidden map[string]bool) {
	known := slices.DeleteFunc(names, func(name string) bool { return hidden[name] })
	c.report(path, "%s", c.seen.explain(message+didYouMean(name, known)))
}

// literal coerces a value of a validated document. It reports what only the
// variables make wrong.
func (c *coercion) literal(t graphql.Type, v *ast.Value, path string) any {
	nonNull, required := t.(*graphql.NonNull)
	if required {
		t = nonNull.OfType
	}
	if v.Kind == ast.Variable || v.Kind == ast.NullValue {
		value := c.vars[v.Raw]
		if v.Kind == ast.NullValue {
			value = nil
		}
		if value == nil && required {
			c.report(path, "Expected non-nullable type %q not to be null.", nonNull)
		}
		return value
	}
	switch t := t.(type) {
	case *graphql.List:
		return c.literalList(t, v, path)
	case *graphql.InputObject:
		return c.literalObject(t, v, path)
	case *graphql.Enum:
		return t.ParseValue(v.Raw)
	case *graphql.Scalar:
		out, err := parseScalar(t, plainValue(v, c.vars))
		if err != nil {
			c.report(path, "%s", err)
		}
		return out
	}
	return nil
}

func (c *coercion) literalList(t *graphql.List, v *ast.Value, path string) any {
	if v.Kind != ast.ListValue {
		return []any{c.literal(t.OfType, v, path)}
	}
	out := make([]any, len(v.Children))
	for i, child := range v.Children {
		out[i] = c.literal(t.OfType, child.Value, path+"["+strconv.Itoa(i)+"]")
	}
	return out
}

func (c *coercion) literalObject(t *graphql.InputObject, v *ast.Value, path string) any {
	fields := t.Fields()
	out := make(map[string]any, len(v.Children))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		child := v.Children.ForName(name)
		if child == nil || c.isAbsent(child) {
			c.absent(out, t, fields[name], path)
		} else {
			out[name] = c.literal(fields[name].Type, child, path+"."+name)
		}
	}
	return out
}

// isAbsent: a variable that was not provided counts as if nothing was written.
func (c *coercion) isAbsent(v *ast.Value) bool {
	if v.Kind != ast.Variable {
		return false
	}
	_, ok := c.vars[v.Raw]
	return !ok
}

// copied keeps resolvers from changing a default that all requests share.
func copied(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = copied(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = copied(item)
		}
		return out
	}
	return v
}

// shown is a value for a message, as JSON and not too long.
func shown(v any) string {
	const most = 60
	text, err := marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	runes := []rune(string(text))
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return string(runes)
}

func didYouMean(word string, known []string) string {
	near := core.SuggestionList(word, known)
	if len(near) == 0 {
		return ""
	}
	return " Did you mean " + core.QuotedOrList(near...) + "?"
}
