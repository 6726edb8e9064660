package schema_test

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
)

func TestAFilterMayIgnoreTheCase(t *testing.T) {
	m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte("entity: shop\nfields:\n  name: {type: text, index: true}\n  size: {type: integer, index: true}\n")})
	if err != nil {
		t.Fatal(err)
	}
	parse := func(field string, raw map[string]any) (schema.Filter, error) {
		return m.ParseFilter(m.Entity("shop"), map[string]any{field: raw}, false)
	}
	for name, tt := range map[string]struct {
		raw  map[string]any
		want bool
	}{
		"a part":                      {map[string]any{"contains": "ÜLL", "ignoreCase": true}, true},
		"a part, with case":           {map[string]any{"contains": "ÜLL", "ignoreCase": false}, false},
		"a beginning":                 {map[string]any{"startsWith": "mÜ", "ignoreCase": true}, true},
		"an end":                      {map[string]any{"endsWith": "ER", "ignoreCase": true}, true},
		"all of it":                   {map[string]any{"eq": "müLLer", "ignoreCase": true}, true},
		"not all of it":               {map[string]any{"eq": "müLLe", "ignoreCase": true}, false},
		"beside what there is at all": {map[string]any{"endsWith": "ER", "isNull": false, "ignoreCase": true}, true},
	} {
		f, err := parse("name", tt.raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := f.Match(map[string]any{"name": "Müller"}); got != tt.want {
			t.Errorf("%s: Müller matches is %v; want %v", name, got, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		field string
		raw   map[string]any
		want  string
	}{
		"no text":       {"size", map[string]any{"eq": 1, "ignoreCase": true}, "filter.size.ignoreCase is no operator of integer"},
		"an order":      {"name", map[string]any{"lt": "m", "ignoreCase": true}, "filter.name.lt cannot ignore the case; eq, contains, startsWith and endsWith can"},
		"alone":         {"name", map[string]any{"ignoreCase": true}, "filter.name.ignoreCase stands alone; write eq, contains, startsWith or endsWith beside it"},
		"no yes and no": {"name", map[string]any{"eq": "m", "ignoreCase": "yes"}, "filter.name.ignoreCase must be true or false, not yes"},
	} {
		_, err := parse(tt.field, tt.raw)
		if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), " ", ""), strings.ReplaceAll(tt.want, " ", "")) {
			t.Errorf("%s: %v; want %s", name, err, tt.want)
		}
	}
}
