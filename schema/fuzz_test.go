package schema_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// FuzzParse feeds every type with texts and other JSON values.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`"12.50"`, `12.5`, `1e9`, `"-.0"`, `"00"`, `"+1."`, `9223372036854775807`, `"2026-02-28"`, `"2026-02-28T09:30:00+14:00"`, `"0001-01-01T00:00:00+01:00"`,
		`"maria@example.org"`, `"MARİA@İ.DE"`, `"\"a b\"@example.org"`, `"030-0074321"`, `{"raw": "+1 206 555 9857"}`, `"https://Example.org/ä"`, `"iw"`, `"zh-cmn-Hans-CN"`,
		`"x-private"`, `"en-u-co-phonebk"`, `"UK"`, `"ẞ ı İ ﬁ"`, `{"amount": "1", "currency": "eur"}`, `["a"]`, `null`, `true`, `" "`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw any
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if decoder.Decode(&raw) != nil {
			raw = text
		}
		for _, kind := range schema.Types() {
			field := &schema.Field{Type: kind.Name(), To: "party", Currency: "EUR", Options: schema.Options{{Value: "open"}}}
			once, err := kind.Parse(field, raw, schema.Scope{Region: "DE"})
			if err != nil {
				if m := err.Error(); !strings.HasPrefix(m, "must ") || !utf8.ValidString(m) && utf8.ValidString(text) {
					t.Errorf("%s: error %q, want it to complete \"<field> …\" in UTF-8", kind.Name(), m)
				}
				continue
			}
			if s, ok := once.(string); ok && s == "" {
				continue // no value
			}
			twice, err := kind.Parse(field, once, schema.Scope{Region: "DE"})
			if err != nil || !reflect.DeepEqual(once, twice) {
				t.Errorf("%s: Parse(%q) = %#v, parsed again %#v, %v; want the canonical form to stay as it is", kind.Name(), text, once, twice, err)
			}
			if order := kind.Compare(once, twice); order != 0 {
				t.Errorf("%s: Compare(%v, itself) = %d, want 0", kind.Name(), once, order)
			}
		}
	})
}

// FuzzParseFilter finds filters whose violations or results make no sense.
func FuzzParseFilter(f *testing.F) {
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"country": {"eq": "DE"}}`, `{"and": [{"or": []}, {"not": {"tags": {"some": {"eq": "a"}}}}]}`, `{"creditLimit": {"amount": {"gt": "12.50"}}}`,
		`{"lines": {"some": {"product": {"supplier": {"country": {"in": ["DE", null]}}}}}}`, `{"phone": {"e164": {"startsWith": "+49"}}}`,
		`{"accountManager": {"eq": "$user.party"}}`, `{"and": null}`, `{"id": {"notIn": []}}`, `{"customer": {"segment": {"isNull": false}}}`, `{"roles": {"every": {"ne": "x"}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw map[string]any
		if json.Unmarshal([]byte(text), &raw) != nil {
			t.Skip("a filter is a JSON object")
		}
		for _, e := range m.Entities() {
			for _, anyField := range []bool{false, true} {
				filter, err := m.ParseFilter(e, raw, anyField)
				var violations schema.Violations
				if errors.As(err, &violations) {
					for _, v := range violations {
						if !strings.HasPrefix(v.Field, "filter") || v.Rule == "" || v.Message == "" {
							t.Errorf("%s: ParseFilter(%s): violation %+v, want a path below filter, a rule and a message", e.Name, text, v)
						}
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s: ParseFilter(%s) = %v, want Violations", e.Name, text, err)
				}
				filter.Match(map[string]any{})
				filter.Match(map[string]any{"country": "DE", "tags": []any{"a"}, "lines": []any{map[string]any{"product": "p"}}, "number": "1"})
			}
		}
	})
}

// FuzzLoad finds definitions that break the loader.
func FuzzLoad(f *testing.F) {
	shipped := []schema.Source{
		{Layer: "shipped", File: "party.yaml", Data: []byte("entity: party\nplural: parties\nfields: {name: {type: text, search: true}, country: {type: country}}")},
		{Layer: "shipped", File: "customer.yaml", Data: []byte("role: customer\nof: party\nfields: {number: {type: autonumber, format: 'C-{0}', unique: true}}")},
	}
	for _, seed := range []string{
		"", "---", "entity: a", "entity: a\n---\nentity: b", "a: &a [*a]", "entity: a\nfields: &f {x: {type: object, fields: *f}}", "extend: party\nfields: {x: {type: list, of: {type: list}}}",
		"role: r\nof: party\nfields: {since: {type: text}}", "entity: a\nfields: {b: {type: reference, to: a}, c: {type: reference, to: a}}", "entity: a\nfields:\n  ? [x]\n  : {type: text}",
		"entity: a\nindexes: [[]]\nfields: {x: {type: enum, options: [yes, {a: b}]}}", "entity: a\nfields: {x: {type: text, default: {1: 2}}}", "<<: {entity: a}\nfields: ~",
		"entity: a\nfields: {x: {type: list}}\nindexes: [[x]]", "role: r\nof: r",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := schema.Load(append(shipped[:2:2], schema.Source{Layer: "site", File: "site.yaml", Data: []byte(text)})...)
		if err == nil {
			for _, e := range m.Stored() {
				m.ReferencesTo(e)
				e.SearchWords(map[string]any{})
			}
			return
		}
		var problems strictyaml.Problems
		if !errors.As(err, &problems) {
			t.Fatalf("Load = %v (%T), want strictyaml.Problems", err, err)
		}
		for _, p := range problems {
			if p.Message == "" || p.File == "" || p.Line < 0 {
				t.Errorf("problem %+v has no message or no file", p)
			}
		}
	})
}
