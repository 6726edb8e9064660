package execution

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// plainValue is a literal as JSON would have brought it; numbers are int64, or
// json.Number where that would lose something.
func plainValue(v *ast.Value, vars map[string]any) any {
	switch v.Kind {
	case ast.Variable:
		return vars[v.Raw]
	case ast.IntValue, ast.FloatValue:
		return number(json.Number(v.Raw))
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.StringValue, ast.BlockValue, ast.EnumValue:
		return v.Raw
	case ast.ListValue:
		list := make([]any, len(v.Children))
		for i, child := range v.Children {
			list[i] = plainValue(child.Value, vars)
		}
		return list
	case ast.ObjectValue:
		object := make(map[string]any, len(v.Children))
		for _, child := range v.Children {
			if child.Value.Kind == ast.Variable {
				if _, ok := vars[child.Value.Raw]; !ok {
					continue
				}
			}
			object[child.Name] = plainValue(child.Value, vars)
		}
		return object
	}
	return nil
}

func number(n json.Number) any {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i
	}
	return n
}

func parseScalar(t *graphql.Scalar, v any) (any, error) {
	switch builtIn(t) {
	case intScalar:
		if n, ok := integer(v); ok {
			if n < math.MinInt32 || n > math.MaxInt32 {
				return nil, fmt.Errorf("%s cannot represent non 32-bit signed integer value: %s", t, shown(v))
			}
			return int(n), nil
		}
		return nil, fmt.Errorf("%s cannot represent non-integer value: %s", t, shown(v))
	case floatScalar:
		if f, ok := float(v); ok {
			return f, nil
		}
		return nil, fmt.Errorf("%s cannot represent non numeric value: %s", t, shown(v))
	case stringScalar:
		if s, ok := v.(string); ok {
			return s, nil
		}
		return nil, fmt.Errorf("%s cannot represent a non string value: %s", t, shown(v))
	case booleanScalar:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, fmt.Errorf("%s cannot represent a non boolean value: %s", t, shown(v))
	case idScalar:
		if s, ok := v.(string); ok {
			return s, nil
		}
		if n, ok := integer(v); ok {
			return strconv.FormatInt(n, 10), nil
		}
		return nil, fmt.Errorf("%s cannot represent a non-string and non-integer value: %s", t, shown(v))
	}
	return parseCustom(t, plainNumbers(v))
}

// parseCustom lets a scalar of the schema parse: int64 and json.Number for
// numbers, string, bool, []any, map[string]any. It refuses by nil, as
// graphql-go has it, or by an error as its result, which says why.
func parseCustom(t *graphql.Scalar, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	out := t.ParseValue(v)
	if reason, ok := out.(error); ok {
		return nil, fmt.Errorf("%s cannot represent %s: %w", t.Name(), shown(v), reason)
	}
	if isNil(out) {
		return nil, invalid(nil, "Expected value of type %q, found %s.", t.Name(), shown(v))
	}
	return out, nil
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int:
		return int64(v), true
	case int64:
		return v, true
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	case json.Number:
		if n, ok := number(v).(int64); ok {
			return n, true
		}
		// 1.0 and 1e3 are integers in another dress.
		if f, err := v.Float64(); err == nil {
			return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<53
		}
	}
	return 0, false
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// plainNumbers brings decoded JSON into the form that [plainValue] gives.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plainNumbers(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = plainNumbers(item)
		}
		return out
	}
	return v
}
