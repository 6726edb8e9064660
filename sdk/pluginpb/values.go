package pluginpb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxMessage is the largest message in bytes that either side accepts.
const MaxMessage = 16 << 20

// MaxPart is how many bytes of the body of an HTTP request or of its answer go
// into one message.
const MaxPart = 64 << 10

// HostService is the id under which the go-plugin broker connects a plugin to
// its host.
const HostService = 1

// Encode returns the canonical JSON of values. A nil map is an empty object.
func Encode(values map[string]any) ([]byte, error) {
	if values == nil {
		return []byte("{}"), nil
	}
	return EncodeAny(values)
}

// EncodeAny returns the canonical JSON of one value.
func EncodeAny(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, fmt.Errorf("encode values: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode reads a JSON object. Whole numbers become int64, so that none loses
// digits; null stays a nil value. No bytes are an empty object.
func Decode(object []byte) (map[string]any, error) {
	if len(object) == 0 {
		return map[string]any{}, nil
	}
	value, err := DecodeAny(object)
	if err != nil {
		return nil, err
	}
	values, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("decode values: want a JSON object, got %s", excerpt(object))
	}
	return values, nil
}

// DecodeAny reads one JSON value by the rules of Decode.
func DecodeAny(value []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode values: %w in %s", err, excerpt(value))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("decode values: more than one JSON value in %s", excerpt(value))
	}
	return canonical(v), nil
}

// canonical turns whole numbers into int64. Any other number stays as it was
// written: only the type of its field can tell what it means.
func canonical(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
	case map[string]any:
		for key, item := range v {
			v[key] = canonical(item)
		}
	case []any:
		for i, item := range v {
			v[i] = canonical(item)
		}
	}
	return v
}

func excerpt(b []byte) string {
	if len(b) > 60 {
		return fmt.Sprintf("%.60q...", b)
	}
	return fmt.Sprintf("%q", b)
}
