package schema_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

func TestAFieldThatHasAnotherTypeIsFoundWhereverItStands(t *testing.T) {
	load := func(visit, guest string) *schema.Model {
		m, err := schema.Load(
			schema.Source{File: "party.yaml", Data: []byte("entity: party\nfields:\n  name: {type: text}\n")},
			schema.Source{File: "visit.yaml", Data: []byte("entity: visit\nfields:\n" + visit)},
			schema.Source{File: "guest.yaml", Data: []byte("role: guest\nof: party\nfields:\n" + guest)},
		)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	before := load(`  gone: {type: text}
  same: {type: integer, max: 3}
  count: {type: text}
  mood: {type: enum, options: [good, bad]}
  tags: {type: list, of: {type: text}}
  place: {type: object, fields: {floor: {type: integer}, room: {type: text}}}
`, "  rank: {type: integer}\n")
	after := load(`  come: {type: text}
  same: {type: integer, min: 1, index: true}
  count: {type: integer}
  mood: {type: text}
  tags: {type: list, of: {type: date}}
  place: {type: object, fields: {door: {type: text}, room: {type: integer}}}
`, "  rank: {type: text}\n")
	got := map[string]string{}
	for _, r := range before.Retypings(after) {
		got[r.Entity.Name+" "+r.Path+" "+r.Field.Type] = r.Problem.Error()
	}
	want := map[string]string{
		"party guest.rank integer": `guest.yaml:4: field "guest.rank" was of type integer and is of type text now`,
		"visit count text":         `visit.yaml:5: field "count" was of type text and is of type integer now`,
		"visit tags list":          `visit.yaml:7: field "tags" was of type text and is of type date now`,
		"visit place object":       `visit.yaml:8: field "place.room" was of type text and is of type integer now`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
