package schema_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

func TestWhatALaterModelWouldMisreadIsFoundWhereverItStands(t *testing.T) {
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
  state: {type: enum, options: [open, paused, closed]}
  tags: {type: list, of: {type: text}}
  place: {type: object, fields: {floor: {type: integer}, room: {type: text}}}
`, "  rank: {type: integer}\n")
	after := load(`  come: {type: text}
  same: {type: integer, min: 1, index: true}
  count: {type: integer}
  mood: {type: text}
  state: {type: enum, options: [closed, late, open]}
  tags: {type: list, of: {type: date}}
  place: {type: object, fields: {door: {type: text}, room: {type: integer}}}
`, "  rank: {type: text}\n")
	got := map[string]string{}
	for _, m := range before.Misfits(after) {
		got[fmt.Sprint(m.Entity.Name, " ", m.Stored.Path, " ", m.Stored.Op, " ", m.Stored.Value)] = m.Problem.Error()
	}
	const values = ", and values are not converted; give the new field another name and leave the old one as it was"
	want := map[string]string{
		"party guest.rank isNull false": `guest.yaml:4: field "guest.rank" was of type integer and is of type text now, but records of party have values of it` + values,
		"visit count isNull false":      `visit.yaml:5: field "count" was of type text and is of type integer now, but records of visit have values of it` + values,
		"visit state in [paused]":       `visit.yaml:7: field "state" has lost the option paused, but records of visit have it; change those first, or keep the option`,
		"visit tags isNull false":       `visit.yaml:8: field "tags" was of type text and is of type date now, but records of visit have values of it` + values,
		"visit place isNull false":      `visit.yaml:9: field "place" was of type text in room and is of type integer there now, but records of visit have values of it` + values,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
