package schema_test

import (
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
)

func TestATextOfMoreThanAMebibyteIsRefusedUnlessItWasThere(t *testing.T) {
	m, err := schema.Load(schema.Source{Layer: "test", File: "test.yaml", Data: []byte(`
entity: note
fields:
  title: {type: text}
  scan: {type: text, max: 3000000}
  short: {type: text, max: 10}
  link: {type: url}
  pages: {type: list, of: {type: text}}
  parts: {type: list, of: {type: object, fields: {body: {type: text}}}}
  head: {type: object, fields: {body: {type: text}}}
`)})
	if err != nil {
		t.Fatal(err)
	}
	long, other := strings.Repeat("a", schema.MaxText+1), strings.Repeat("b", schema.MaxText+1)
	const much = " must have at most 1048576 bytes, not 1048577: shorten it, or ask for a max in the definition of the field"
	type values = map[string]any
	tests := map[string]struct {
		before, after values
		want          string
	}{
		"the most that there may be":         {nil, values{"title": long[1:]}, ""},
		"one byte more":                      {nil, values{"title": long}, "title" + much},
		"bytes count, not characters":        {nil, values{"title": strings.Repeat("é", schema.MaxText/2) + "a"}, "title" + much},
		"a max says otherwise":               {nil, values{"scan": long, "short": "a"}, ""},
		"whatever the type":                  {nil, values{"link": long}, "link" + much},
		"an item of a list":                  {nil, values{"pages": []any{"a", long}}, "pages[1]" + much},
		"a text in an object of a list":      {nil, values{"parts": []any{values{"body": long}}}, "parts[0].body" + much},
		"a text in an object":                {nil, values{"head": values{"body": long}}, "head.body" + much},
		"it was there":                       {values{"title": long}, values{"title": long, "link": "https://a.example"}, ""},
		"another was there":                  {values{"title": long}, values{"title": other}, "title" + much},
		"it was in another field":            {values{"title": long}, values{"head": values{"body": long}}, "head.body" + much},
		"it was in the object":               {values{"head": values{"body": long}}, values{"head": values{"body": long}}, ""},
		"it was at another place of a list":  {values{"pages": []any{long, "a"}}, values{"pages": []any{"a", "b", long}}, ""},
		"one of two was there":               {values{"parts": []any{values{"body": long}}}, values{"parts": []any{values{"body": other}, values{"body": long}}}, "parts[0].body" + much},
		"all that is too long, all at once":  {nil, values{"title": long, "pages": []any{other}}, "title" + much + "; pages[0]" + much},
		"what is unknown is none of its own": {nil, values{"gone": long}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := m.Entity("note").CheckLength(tt.before, tt.after).Error(); got != tt.want {
				t.Errorf("got %q\nwant %q", got, tt.want)
			}
		})
	}
}
