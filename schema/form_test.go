package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

// What was stored before a form was made stays readable for a job that brings it
// into the form of today.
func TestTheFormOfToday(t *testing.T) {
	t.Parallel()
	m, err := schema.Load(schema.Source{Layer: "site", File: "contact.yaml", Data: []byte(`
entity: contact
fields:
  name: {type: text, immutable: true}
  note: {type: text}
  odd: {type: text}
  count: {type: integer}
  site: {type: url}
  place: {type: object, fields: {city: {type: text}}}
  tags: {type: list, of: {type: text}}
`)})
	if err != nil {
		t.Fatal(err)
	}
	e := m.Entity("contact")
	stored := values{
		"name": "Mu\u0308ller", "note": "\u200b", "odd": "a\ab", "count": int64(1<<53 + 1), "site": "https://XN--mller-kva.de/A", "gone": "u\u0308",
		"place": values{"city": "Ko\u0308ln"}, "tags": []any{"u\u0308", "v"},
	}
	now, left := e.FormNow(stored, "DE")
	want := values{
		"name": "Müller", "odd": "a\ab", "count": int64(1<<53 + 1), "site": "https://müller.de/A", "gone": "u\u0308",
		"place": values{"city": "Köln"}, "tags": []any{"ü", "v"},
	}
	if diff := cmp.Diff(want, now); diff != "" {
		t.Error(diff)
	}
	if got := left.Error(); got != "odd must not have control characters such as U+0007" {
		t.Errorf("left: %s", got)
	}
	if stored["name"] != "Mu\u0308ller" || stored["place"].(values)["city"] != "Ko\u0308ln" {
		t.Errorf("the stored values have changed: %v", stored)
	}
	if again, _ := e.FormNow(now, "DE"); !cmp.Equal(again, now) {
		t.Errorf("the form of the form is another: %s", cmp.Diff(now, again))
	}
	if got := e.CheckImmutable(stored, now); got != nil {
		t.Errorf("the same name in another form: %v", got)
	}
	if got := e.CheckImmutable(stored, values{"name": "Mueller"}); got == nil {
		t.Error("another name passes for the same")
	}
}
