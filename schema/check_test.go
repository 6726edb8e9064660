package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

const order = `
entity: order
fields:
  number: {type: text, required: true}
  state: {type: enum, options: [open, closed], default: open}
  placed: {type: date, default: 2026-01-01}
  tags: {type: list, of: {type: text, max: 3}}
  country: {type: country}
  phone: {type: phone, regionFrom: country}
  shipTo: {type: object, fields: {city: {type: text, required: true}, country: {type: country}}}
  lines:
    type: list
    of:
      type: object
      fields:
        product: {type: text, required: true}
        quantity: {type: decimal, required: true, min: 0}
        discount: {type: decimal, default: 0}
`

func TestCheck(t *testing.T) {
	t.Parallel()
	e := load(t, order).Entity("order")
	tests := map[string]struct {
		values  values
		old     bool
		want    values
		wantErr string
	}{
		"defaults of a new record": {
			values: values{"number": " 1 "},
			want:   values{"number": "1", "state": "open", "placed": "2026-01-01"},
		},
		"no defaults later": {
			values: values{"number": "1", "state": nil}, old: true,
			want: values{"number": "1"},
		},
		"null is no value": {
			values: values{"number": "1", "state": "closed", "placed": nil, "tags": nil, "shipTo": nil, "lines": nil}, old: true,
			want: values{"number": "1", "state": "closed"},
		},
		"empty texts, lists and objects are no values": {
			values: values{"number": "1", "country": "", "tags": []any{}, "lines": []any{}, "phone": ""}, old: true,
			want: values{"number": "1"},
		},
		"canonical inside": {
			values: values{"number": "1", "country": "de", "phone": "030-0074321", "lines": []any{values{"product": "p", "quantity": 2.50}}},
			want: values{
				"number": "1", "state": "open", "placed": "2026-01-01", "country": "DE", "phone": values{"raw": "030-0074321", "e164": "+49300074321"},
				"lines": []any{values{"product": "p", "quantity": "2.5", "discount": "0"}},
			},
		},
		"every violation by its path": {
			values: values{
				"state": "paused", "abc": 1, "tags": []any{"ok", "", "long", 7}, "shipTo": values{"country": "Germany", "citty": "Rome"},
				"lines": []any{values{"product": "p", "quantity": "-1"}, values{}, "x", nil}, "number": "  ",
			},
			wantErr: `abc is no field; lines[0].quantity must be at least 0, not -1; lines[1].product is required; lines[1].quantity is required; ` +
				`lines[2] must be an object, not x; lines[3] is empty; leave it out; number is required; shipTo.citty is no field; did you mean "city"?; shipTo.city is required; ` +
				`shipTo.country must be a country by its two letters such as DE, not Germany; state must be one of open, closed, not paused; ` +
				`tags[1] is empty; leave it out; tags[2] must have at most 3 characters, not 4; tags[3] must be a text, not 7`,
		},
		"a required value that does not fit is reported once": {
			values: values{"number": 7}, old: true, wantErr: "number must be a text, not 7",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := cmp.Diff(nil, tt.values)
			got, err := e.Check(tt.values, !tt.old, "FR")
			if tt.wantErr != "" {
				if err == nil || err.Error() != tt.wantErr {
					t.Errorf("Check(%v)\n got %v\nwant %s", tt.values, err, tt.wantErr)
				}
				return
			}
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("Check(%v) = %v (-want +got):\n%s", tt.values, err, diff)
			}
			if cmp.Diff(nil, tt.values) != before {
				t.Errorf("Check changed its input to %v", tt.values)
			}
			again, err := e.Check(got, !tt.old, "FR")
			if diff := cmp.Diff(got, again); err != nil || diff != "" {
				t.Errorf("Check of the canonical form = %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestViolationsNameRules(t *testing.T) {
	t.Parallel()
	e := load(t, order).Entity("order")
	_, err := e.Check(values{"state": "x", "abc": 1}, true, "")
	want := schema.Violations{
		{Field: "abc", Rule: "unknown", Message: "is no field"},
		{Field: "number", Rule: "required", Message: "is required"},
		{Field: "state", Rule: "enum", Message: "must be one of open, closed, not x", Unquoted: "must be one of open, closed"},
	}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("Check (-want +got):\n%s", diff)
	}
}

func TestFoldMakesTextsComparableForPeople(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"Straße", "STRASSE", "strasse", "STRAẞE"},
		{"São Paulo", "sao paulo"},
		{"Ægir", "aegir"}, {"Łódź", "lodz"}, {"Smørrebrød", "smorrebrod"}, {"Œuvre", "oeuvre"}, {"Þór", "thor"},
		{"ΟΔΟΣ", "οδος", "Οδός"},
		{"ﬁnance", "finance"},
		{"İzmir", "izmir", "ızmir"},
		{"Ñandú", "Ñandú", "nandu"}, // composed and decomposed
	} {
		for _, s := range same[1:] {
			if got, want := schema.Fold(s), schema.Fold(same[0]); got != want {
				t.Errorf("Fold(%q) = %q, Fold(%q) = %q; want the same", s, got, same[0], want)
			}
		}
	}
	if got, want := schema.Words("  Müller & Söhne, Nr. 12-b "), []string{"muller", "sohne", "nr", "12", "b"}; cmp.Diff(want, got) != "" {
		t.Errorf("Words = %q, want %q", got, want)
	}
	if got := schema.Words(" –&. "); len(got) != 0 {
		t.Errorf("Words of punctuation = %q, want none", got)
	}
}

func TestSearchWords(t *testing.T) {
	t.Parallel()
	e := load(t, `
entity: shop
fields:
  name: {type: text, search: true}
  note: {type: text}
  email: {type: email, search: true}
  phone: {type: phone, search: true}
  tags: {type: list, of: {type: text}, search: true}
  home: {type: object, fields: {city: {type: text, search: true}, street: {type: text}}}
  lines: {type: list, of: {type: object, fields: {label: {type: text, search: true}}}}
`).Entity("shop")
	got := e.SearchWords(values{
		"name": "Café Café Rot", "note": "hidden", "email": "maria@example.org", "phone": values{"raw": "030/00 74-321", "e164": "+49300074321"},
		"tags": []any{"VIP"}, "home": values{"city": "Köln", "street": "hidden"}, "lines": []any{values{"label": "Eins"}, values{"label": "Zwei"}},
	})
	want := []string{"00", "030", "0300074321", "300074321", "321", "49300074321", "74", "cafe", "eins", "example", "koeln", "koln", "maria", "org", "rot", "vip", "zwei"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("SearchWords (-want +got):\n%s", diff)
	}
}
