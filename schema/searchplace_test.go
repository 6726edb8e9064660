package schema

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// An instance whose model has nothing of it writes the same words.
func TestWordsOfTheSearchAtThePlacesOfAnotherModel(t *testing.T) {
	load := func(texts ...string) *Entity {
		var sources []Source
		for _, text := range texts {
			sources = append(sources, Source{Layer: "test", File: text[:8] + ".yaml", Data: []byte(text)})
		}
		m, err := Load(sources...)
		if err != nil {
			t.Fatal(err)
		}
		return m.Entity("person")
	}
	newer := load(`
entity: person
fields:
  name: {type: text, search: true}
  phone: {type: phone, search: true}
  tags: {type: list, of: {type: text}, search: true}
  homes:
    type: list
    of: {type: object, fields: {city: {type: text, search: true}, street: {type: text}}}
`[1:], "role: member\nof: person\nfields:\n  area: {type: text, search: true}\n  note: {type: text}\n")
	older := load("entity: person\nfields: {name: {type: text, search: true}, size: {type: integer}}\n")
	if diff := cmp.Diff([]string{"name", "phone", "tags", "homes.city", "member:area"}, newer.SearchPlaces()); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
	values := map[string]any{
		"name": "Ärlig", "phone": map[string]any{"raw": "030 123 456", "e164": "+4930123456"}, "tags": []any{"Rot", "Grün"}, "size": int64(3),
		"homes":  []any{map[string]any{"city": "Köln", "street": "Am Dom"}, map[string]any{"city": "Bonn"}},
		"member": map[string]any{"area": "Nord", "note": "x"},
	}
	if diff := cmp.Diff(newer.SearchWords(values), older.SearchWords(values, newer.SearchPlaces()...)); diff != "" {
		t.Errorf("words (-want +got):\n%s", diff)
	}
	values["phone"], values["homes"], values["member"] = "none", int64(1), nil
	if diff := cmp.Diff([]string{"aerlig", "arlig", "gruen", "grun", "none", "rot"}, older.SearchWords(values, newer.SearchPlaces()...)); diff != "" {
		t.Errorf("words of values that do not fit (-want +got):\n%s", diff)
	}
}
