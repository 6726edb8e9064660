package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

const guests = `
entity: guest
fields:
  name: {type: text, required: true, pii: true}
  born: {type: date, pii: true}
  room: {type: integer}
  home: {type: object, fields: {city: {type: text, pii: true}}}
  fee: {type: money, pii: true}
  nights: {type: list, of: {type: object, fields: {day: {type: date}, wish: {type: text, pii: true}}}}
`

func TestWithoutPIINothingIsLeftOfThePerson(t *testing.T) {
	t.Parallel()
	m, err := schema.Load(schema.Source{File: "guest.yaml", Data: []byte(guests)}, schema.Source{File: "room.yaml", Data: []byte("entity: room\nfields:\n  number: {type: integer}\n")})
	if err != nil {
		t.Fatal(err)
	}
	guest := m.Entity("guest")
	night := map[string]any{"day": "2026-02-28", "wish": "tea"}
	values := map[string]any{
		"name": "Eva", "born": "1990-01-01", "room": int64(7), "home": map[string]any{"city": "Ulm"}, "fee": map[string]any{"amount": "1", "currency": "EUR"},
		"nights": []any{night, map[string]any{"wish": "quiet"}},
	}
	want := map[string]any{"name": "[erased]", "room": int64(7), "nights": []any{map[string]any{"day": "2026-02-28"}}}
	if diff := cmp.Diff(want, guest.WithoutPII(values)); diff != "" {
		t.Errorf("without PII (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, guest.WithoutPII(want)); diff != "" {
		t.Errorf("once more (-want +got):\n%s", diff)
	}
	if values["name"] != "Eva" || night["wish"] != "tea" {
		t.Errorf("the input was changed: %v", values)
	}
	if !guest.HasPII() || m.Entity("room").HasPII() {
		t.Errorf("HasPII = %v of a guest, %v of a room", guest.HasPII(), m.Entity("room").HasPII())
	}
}
