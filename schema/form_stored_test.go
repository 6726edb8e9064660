package schema_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

const everyForm = `
entity: contact
fields:
  text: {type: text}
  email: {type: email}
  url: {type: url}
  phone: {type: phone}
  country: {type: country}
  language: {type: language}
  date: {type: date}
  datetime: {type: datetime}
  decimal: {type: decimal, scale: 3}
  money: {type: money}
`

// written are values as people send them, and as former versions may have kept them.
var written = map[string][]any{
	"text":  {" a\u00a0b ", "Mu\u0308ller", "\ufb01", "a\r\nb", "a\u200bb", "\u0646\u0645\u06cc\u200c\u062e", "\U0001f469\u200d\U0001f680", "1\ufe0f\u20e3", "a\ab"},
	"email": {"Info@XN--mller-kva.de", "İ@A.org", "a.b@[127.0.0.1]", "o\u0308@o\u0308.at"},
	"url":   {"Example.org/A", "HTTP://XN--mller-kva.de:80/%7e", "//a.b", "https://u:p@[::1]/", "https://fa\u00df.de", "a.org:80"},
	"phone": {
		"030 1234567", "030 1234567 App. 12", "+49 (0)30 1234567", "0049301234567", "4915123456789", "1-800-FLOWERS", "030 1234567/68",
		values{"raw": "030 1234567 App. 12", "e164": "+4930123456727712"}, values{"raw": "01 5123456", "e164": "+4315123456"},
	},
	"country":  {"de", "DE"},
	"language": {"DE", "de-at", "de-AT"},
	"date":     {"2026-02-28"},
	"datetime": {"2026-02-28T10:30:00+01:00", "2026-02-28T09:30:00.000Z"},
	"decimal":  {"1.50", "01.5", "-0", "1e2"},
	"money":    {values{"amount": "1.5", "currency": "eur"}, values{"amount": "1.50", "currency": "EUR"}},
}

// formsOf are the digests of all these in the forms of each version.
var formsOf = map[int]string{1: "a674da31c64f3e39"}

// Whoever changes a form learns here that databases have to follow.
func TestAChangeOfFormsIsCounted(t *testing.T) {
	t.Parallel()
	e := formsEntity(t, everyForm)
	var all []any
	for _, f := range e.Fields {
		for _, value := range written[f.Name] {
			now, left := e.FormNow(values{f.Name: value}, "DE")
			all = append(all, now, left.Error())
			if again, _ := e.FormNow(now, "DE"); !cmp.Equal(again, now) {
				t.Errorf("the form of the form is another: %s", cmp.Diff(now, again))
			}
		}
	}
	text, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(text))[:16]; got != formsOf[schema.Forms] {
		t.Errorf("the forms are others than those of the version %d: if values that are stored have another form by that, add one to schema.Forms, and the digest %s to this test. They are\n%s", schema.Forms, got, text)
	}
}

func formsEntity(t *testing.T, text string) *schema.Entity {
	t.Helper()
	m, err := schema.Load(schema.Source{Layer: "site", File: "contact.yaml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return m.Entity("contact")
}

// A number that was read by the plan of a country stays one of it, though the site or
// the address has another country by now. One that was read wrong loses that.
func TestAStoredNumberIsReadAsOneOfItsCountry(t *testing.T) {
	t.Parallel()
	e := formsEntity(t, "entity: contact\nfields: {country: {type: country}, phone: {type: phone, regionFrom: country}, other: {type: phone}}\n")
	tests := map[string]struct{ raw, was, want string }{
		"read before":        {"030 1234567", "+49301234567", "+49301234567"},
		"never read":         {"01 5123456", "", "+4315123456"},
		"with its extension": {"030 1234567 App. 12", "+4930123456712", "+49301234567"},
		"misread before":     {"4915123456789", "+494915123456789", "+4915123456789"},
		"not surely meant":   {"1-800-FLOWERS", "+4918003569377", ""},
		"international":      {"+49 30 1234567", "+49301234567", "+49301234567"},
	}
	for name, tt := range tests {
		stored := values{"raw": tt.raw}
		if tt.was != "" {
			stored["e164"] = tt.was
		}
		now, left := e.FormNow(values{"country": "AT", "phone": stored, "other": stored}, "AT")
		for _, f := range []string{"phone", "other"} {
			if got, _ := schema.Lookup(now, f+".e164").(string); got != tt.want || left != nil {
				t.Errorf("%s: %s is %q, %v; want %q", name, f, got, left, tt.want)
			}
		}
	}
}

// What does not fit keeps nothing beside it from its form, and what is missing stays so.
func TestAFormGoesAsFarAsItFits(t *testing.T) {
	t.Parallel()
	e := formsEntity(t, `
entity: contact
fields:
  name: {type: text, required: true}
  place: {type: object, fields: {city: {type: text}, mail: {type: email}, kind: {type: text, required: true, default: home}, zip: {type: text, required: true}}}
  mails: {type: list, of: {type: email}}
`)
	now, left := e.FormNow(values{
		"place": values{"city": "Ko\u0308ln", "mail": "none"}, "mails": []any{"A@b.de", "none", ""},
	}, "DE")
	want := values{"place": values{"city": "Köln", "mail": "none"}, "mails": []any{"a@b.de", "none"}}
	if diff := cmp.Diff(want, now); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	const said = "place.mail must be an e-mail address such as maria@example.org, not none; mails[1] must be an e-mail address such as maria@example.org, not none"
	if left.Error() != said {
		t.Errorf("left: %s", left)
	}
}
