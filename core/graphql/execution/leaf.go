package execution

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/graphql-go/graphql"
)

// builtInScalar tells the five scalars of the specification from all others.
// Theirs are the rules of the specification, not graphql-go's: it turns a map
// into text and the word "no" into true.
type builtInScalar int

const (
	notBuiltIn builtInScalar = iota
	intScalar
	floatScalar
	stringScalar
	booleanScalar
	idScalar
)

func builtIn(t graphql.Type) builtInScalar {
	switch t {
	case graphql.Int:
		return intScalar
	case graphql.Float:
		return floatScalar
	case graphql.String:
		return stringScalar
	case graphql.Boolean:
		return booleanScalar
	case graphql.ID:
		return idScalar
	}
	return notBuiltIn
}

// serialize gives the value that is written into the answer: a string, bool,
// int64, float64 or json.RawMessage. The value is not nil.
func serialize(t *graphql.Scalar, value any) (any, error) {
	kind := builtIn(t)
	if kind == notBuiltIn {
		out := t.Serialize(value)
		if err, ok := out.(error); ok {
			return nil, fmt.Errorf("%s cannot represent the value: %w", t.Name(), err)
		}
		if isNil(out) {
			return nil, fmt.Errorf("%s cannot represent a value of Go type %T", t.Name(), value)
		}
		return leaf(out)
	}
	if isText(value) && (kind == stringScalar || kind == idScalar) {
		return value, nil
	}
	plain, err := leaf(value)
	if err != nil {
		return nil, err
	}
	switch kind {
	case intScalar:
		return serializeInt(plain)
	case floatScalar:
		switch plain := plain.(type) {
		case int64:
			return float64(plain), nil
		case float64:
			return plain, nil
		}
	case booleanScalar:
		if b, ok := plain.(bool); ok {
			return b, nil
		}
	case stringScalar, idScalar:
		switch plain := plain.(type) {
		case string:
			return plain, nil
		case int64:
			return strconv.FormatInt(plain, 10), nil
		case bool:
			return strconv.FormatBool(plain), nil
		}
	}
	return nil, fmt.Errorf("%s cannot represent a value of Go type %T", t.Name(), value)
}

func serializeInt(plain any) (any, error) {
	if f, ok := plain.(float64); ok && f == math.Trunc(f) && math.Abs(f) <= math.MaxInt32 {
		return int64(f), nil
	}
	n, ok := plain.(int64)
	if !ok {
		return nil, fmt.Errorf("%s cannot represent a value of Go type %T", graphql.Int, plain)
	}
	if n < math.MinInt32 || n > math.MaxInt32 {
		return nil, fmt.Errorf("%s cannot represent non 32-bit signed integer value: %d", graphql.Int, n)
	}
	return plain, nil
}

// leaf brings a value into one of the few forms that [appendLeaf] writes.
// What is not a simple value becomes JSON here, where a failure still has a
// field to be reported at.
func leaf(value any) (any, error) {
	switch value := value.(type) {
	case string, bool, int64:
		return value, nil
	case int:
		return int64(value), nil
	case float64:
		return value, finite(value)
	case json.Number, json.RawMessage, []any, map[string]any, json.Marshaler:
		return marshal(value)
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return leaf(v.Elem().Interface())
		}
	case reflect.String:
		return v.String(), nil
	case reflect.Bool:
		return v.Bool(), nil
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int, reflect.Int64:
		return v.Int(), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return int64(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return v.Float(), finite(v.Float())
	}
	return marshal(value)
}

func finite(f float64) error {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%s cannot represent %v", graphql.Float, f)
	}
	return nil
}

func marshal(value any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// isNil tells a missing value in any of the forms that Go has for it.
func isNil(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string, bool, int, int64, float64:
		return false
	case map[string]any:
		return value == nil
	case []any:
		return value == nil
	}
	v := reflect.ValueOf(value)
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func:
		return v.IsNil()
	}
	return false
}
