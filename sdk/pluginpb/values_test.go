package pluginpb_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func TestCanonicalValuesSurviveTheWire(t *testing.T) {
	values := map[string]any{
		"number":  int64(math.MaxInt64),
		"title":   "Käse <b> & Brot",
		"paid":    true,
		"revenue": map[string]any{"amount": "12.50", "currency": "EUR"},
		"lines":   []any{map[string]any{"quantity": int64(3)}, "x"},
	}
	b, err := pluginpb.Encode(values)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pluginpb.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(values, got); diff != "" {
		t.Errorf("after encode and decode (-want +got):\n%s", diff)
	}
}

func TestDecodeKeepsNull(t *testing.T) {
	got, err := pluginpb.Decode([]byte(`{"reason":null}`))
	if diff := cmp.Diff(map[string]any{"reason": nil}, got); err != nil || diff != "" {
		t.Errorf("Decode = %v, %v; want an explicit null", got, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := map[string]struct{ json, want string }{
		"a list":     {`[1]`, `decode values: want a JSON object, got "[1]"`},
		"half":       {`{"a":`, `decode values: unexpected EOF in "{\"a\":"`},
		"two values": {`{} {}`, `decode values: more than one JSON value in "{} {}"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := pluginpb.Decode([]byte(tt.json)); err == nil || err.Error() != tt.want {
				t.Errorf("Decode(%s): %v; want %s", tt.json, err, tt.want)
			}
		})
	}
}
