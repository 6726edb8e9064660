package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

func TestPutWritesWhereLookupLooks(t *testing.T) {
	object := func(name string, value any) map[string]any { return map[string]any{name: value} }
	tests := map[string]struct {
		values, want map[string]any
		path         string
		value        any
	}{
		"a value":                             {object("a", "x"), map[string]any{"a": "x", "b": "y"}, "b", "y"},
		"over another":                        {object("a", "x"), object("a", "y"), "a", "y"},
		"inside an object":                    {object("a", object("b", "x")), object("a", map[string]any{"b": "x", "c": "y"}), "a.c", "y"},
		"inside an object that is not there":  {object("z", "x"), map[string]any{"z": "x", "a": object("b", object("c", "y"))}, "a.b.c", "y"},
		"inside what is no object":            {object("a", "x"), object("a", object("b", "y")), "a.b", "y"},
		"nothing":                             {map[string]any{"a": "x", "b": "y"}, object("a", "x"), "b", nil},
		"nothing inside what is not there":    {object("a", "x"), object("a", "x"), "b.c", nil},
		"nothing inside an object of its own": {object("a", object("b", "x")), object("a", map[string]any{}), "a.b", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			schema.Put(tt.values, tt.path, tt.value)
			if diff := cmp.Diff(tt.want, tt.values); diff != "" {
				t.Errorf("Put(%s, %v) (-want +got):\n%s", tt.path, tt.value, diff)
			}
			if got := schema.Lookup(tt.values, tt.path); got != tt.value {
				t.Errorf("Lookup(%s) = %v, want %v", tt.path, got, tt.value)
			}
		})
	}
}
