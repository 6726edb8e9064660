package schema_test

import (
	"fmt"
	"strings"
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
  place: {type: object, fields: {floor: {type: integer}, room: {type: text}, kind: {type: enum, options: [cellar, hall]}}}
  marks: {type: list, of: {type: enum, options: [good, bad]}}
  stops: {type: list, of: {type: object, fields: {at: {type: date}, city: {type: text}}}}
`, "  rank: {type: integer}\n")
	after := load(`  come: {type: text}
  same: {type: integer, min: 1, index: true}
  count: {type: integer}
  mood: {type: text}
  state: {type: enum, options: [closed, late, open]}
  tags: {type: list, of: {type: date}}
  place: {type: object, fields: {door: {type: text}, room: {type: integer}, kind: {type: enum, options: [hall]}}}
  marks: {type: list, of: {type: enum, options: [good]}}
  stops: {type: list, of: {type: object, fields: {at: {type: datetime}, city: {type: text}}}}
`, "  rank: {type: text}\n")
	got := map[string]string{}
	for _, m := range before.Misfits(after) {
		where := fmt.Sprint(m.Stored.Path, " ", m.Stored.Op, " ", m.Stored.Value)
		if item := m.Stored.Sub; item != nil {
			where += strings.TrimSpace(fmt.Sprint(": ", strings.TrimSpace(fmt.Sprint(item.Path, " ", item.Op, " ", item.Value))))
		}
		got[m.Entity.Name+" "+where] = m.Problem.Error()
	}
	const values = ", and values are not converted; give the new field another name and leave the old one as it was"
	want := map[string]string{
		"party guest.rank isNull false":           `guest.yaml:4: field "guest.rank" was of type integer and is of type text now, but records of party have values of it` + values,
		"visit count isNull false":                `visit.yaml:5: field "count" was of type text and is of type integer now, but records of visit have values of it` + values,
		"visit state in [paused]":                 `visit.yaml:7: field "state" has lost the option paused, but records of visit have it; change those first, or keep the option with deprecated: true, so that nobody chooses it anew`,
		"visit tags isNull false":                 `visit.yaml:8: field "tags" was of type text and is of type date now, but records of visit have values that it would store otherwise or not at all, and values are not converted; change those first, or give the new field another name and leave the old one as it was`,
		"visit place.room isNull false":           `visit.yaml:9: field "place.room" was of type text and is of type integer now, but records of visit have values of it` + values,
		"visit place.kind in [cellar]":            `visit.yaml:9: field "place.kind" has lost the option cellar, but records of visit have it; change those first, or keep the option with deprecated: true, so that nobody chooses it anew`,
		"visit marks some <nil>: in [bad]":        `visit.yaml:10: field "marks" has lost the option bad, but records of visit have it; change those first, or keep the option with deprecated: true, so that nobody chooses it anew`,
		"visit stops some <nil>: at isNull false": `visit.yaml:11: field "stops.at" was of type date and is of type datetime now, but records of visit have values of it` + values,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
