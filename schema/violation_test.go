package schema_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

// What is said of a secret field names the field and the rule: no value, no length,
// and nothing from which they could be told.
func TestNoValueOfASecretFieldIsQuoted(t *testing.T) {
	t.Parallel()
	e := load(t, `
entity: deal
fields:
  whole: {type: integer, min: 1, max: 10}
  number: {type: decimal, max: 10, scale: 1}
  price: {type: money, max: 10}
  text: {type: text, max: 3}
  flag: {type: boolean}
  day: {type: date}
  at: {type: datetime}
  color: {type: enum, options: [red, green]}
  state: {type: state, options: {open: {next: [closed]}, closed: {}}, default: open}
  email: {type: email}
  phone: {type: phone}
  site: {type: url}
  country: {type: country}
  language: {type: language}
  deal: {type: reference, to: deal, inverse: others}
  lines: {type: list, of: {type: object, fields: {size: {type: integer, max: 5}}}}
  box: {type: object, fields: {size: {type: integer, max: 5}}}
`).Entity("deal")
	tests := map[string]struct {
		values values
		want   string
	}{
		"a whole number":         {values{"whole": int64(77)}, "whole must be at most 10"},
		"a lesser one":           {values{"whole": int64(-7)}, "whole must be at least 1"},
		"none":                   {values{"whole": "x7"}, "whole must be a whole number"},
		"a number":               {values{"number": "77"}, "number must be at most 10"},
		"its digits":             {values{"number": "7.77"}, "number must have at most 1 digits after the point"},
		"an amount":              {values{"price": values{"amount": "77", "currency": "EUR"}}, "price must be at most 10"},
		"a currency":             {values{"price": values{"amount": "7", "currency": "EUX"}}, "price must be in a currency of ISO 4217 such as EUR"},
		"a part of an amount":    {values{"price": values{"amount": "7", "tax": "7"}}, "price must have amount and currency only"},
		"a text":                 {values{"text": "secret"}, "text must have at most 3 characters"},
		"a flag":                 {values{"flag": "maybe"}, "flag must be true or false"},
		"a day":                  {values{"day": "yesterday"}, "day must be a date such as 2026-02-28"},
		"an instant":             {values{"at": "noon"}, "at must be an instant such as 2026-02-28T09:30:00Z"},
		"an option":              {values{"color": "blue"}, "color must be one of red, green"},
		"a state":                {values{"state": "lost"}, "state must be one of open, closed"},
		"an address":             {values{"email": "nobody"}, "email must be an e-mail address such as maria@example.org"},
		"a phone number":         {values{"phone": "none"}, "phone must be a phone number such as +49 30 1234567"},
		"a part of a number":     {values{"phone": values{"raw": "1", "ext": "7"}}, "phone must have raw only"},
		"a web address":          {values{"site": "here"}, "site must be a web address such as https://example.org"},
		"a country":              {values{"country": "Atlantis"}, "country must be a country by its two letters such as DE"},
		"a country by its habit": {values{"country": "UK"}, "country must be a country by its two letters such as DE"},
		"a language":             {values{"language": "Klingon?"}, "language must be a language such as de or pt-BR"},
		"a reference":            {values{"deal": int64(7)}, "deal must be the id of a deal"},
		"a place in a list":      {values{"lines": []any{values{"size": int64(1)}, values{"size": int64(9)}}}, "lines.size must be at most 5"},
		"a part of an object":    {values{"box": values{"size": int64(9)}}, "box.size must be at most 5"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := e.Check(tt.values, true, "")
			var violations schema.Violations
			if !errors.As(err, &violations) {
				t.Fatalf("Check(%v) = %v, want violations", tt.values, err)
			}
			got := violations.Unquote(func(string) bool { return true })
			if diff := cmp.Diff(tt.want, got.Error()); diff != "" {
				t.Errorf("for who does not see it (-want +got):\n%s", diff)
			}
			open := violations.Unquote(func(string) bool { return false })
			if diff := cmp.Diff(violations, open); diff != "" {
				t.Errorf("for who sees it (-want +got):\n%s", diff)
			}
		})
	}
	for was, step := range map[string]struct{ is, want string }{
		"":       {"closed", "state cannot begin in this state"},
		"open":   {"", "state cannot be cleared, only changed"},
		"closed": {"open", "state cannot go from the state that it is in to this one"},
	} {
		got := e.CheckStates(values{"state": was}, values{"state": step.is}).Unquote(func(string) bool { return true })
		if diff := cmp.Diff(step.want, got.Error()); diff != "" {
			t.Errorf("from %q to %q (-want +got):\n%s", was, step.is, diff)
		}
	}
}
