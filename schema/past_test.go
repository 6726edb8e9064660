package schema_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
)

// served loads files, each by what it is called and a text.
func served(t *testing.T, files ...string) *schema.Model {
	t.Helper()
	var sources []schema.Source
	for _, text := range files {
		head, _, _ := strings.Cut(text, "\n")
		_, name, _ := strings.Cut(head, ": ")
		sources = append(sources, schema.Source{File: name + ".yaml", Data: []byte(text)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// lives serves models one after the other, through what a database keeps between
// two of them.
func lives(t *testing.T, models ...*schema.Model) (gone []schema.Gone) {
	t.Helper()
	for i, now := range models[1:] {
		text, err := json.Marshal(models[i].Past(gone).Gone(now))
		if err == nil {
			gone = nil
			err = json.Unmarshal(text, &gone)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return gone
}

const party = "entity: party\nplural: parties\nfields:\n  name: {type: text}\n"

func TestWhatIsGoneIsKnownOncePerPath(t *testing.T) {
	t.Parallel()
	full := served(t, party, "role: guest\nof: party\nfields:\n  rank: {type: integer}\n", `entity: visit
fields:
  note: {type: text}
  mood: {type: enum, options: {good: {en: Good}, bad: {deprecated: true}}}
  place: {type: object, fields: {floor: {type: integer}, room: {type: text}}}
  stops: {type: list, of: {type: object, fields: {at: {type: date}, fee: {type: money, currency: EUR}}}}
`)
	less := served(t, party, `entity: visit
fields:
  place: {type: object, fields: {room: {type: text}}}
  stops: {type: list, of: {type: object, fields: {at: {type: date}}}}
`)
	other := served(t, party, "entity: visit\nfields:\n  mood: {type: text}\n")
	const roles = `{"name":"roles","type":"list","of":{"type":"enum","options":["guest"]}},{"name":"mergedInto","type":"text"}`
	const guest = `{"entity":"party","fields":[{"name":"guest","type":"object","fields":[{"name":"since","type":"datetime"},{"name":"until","type":"datetime"},{"name":"rank","type":"integer"}]},` + roles + `]}`
	for name, tt := range map[string]struct {
		models []*schema.Model
		want   string
	}{
		"nothing, while all is there": {[]*schema.Model{full, full}, `null`},
		"nothing, once all is back":   {[]*schema.Model{full, less, full}, `null`},
		"what is gone from inside": {
			[]*schema.Model{full, less},
			`[` + guest + `,{"entity":"visit","fields":[{"name":"note","type":"text"},{"name":"mood","type":"enum","options":["good","bad"]},` +
				`{"name":"place","type":"object","fields":[{"name":"floor","type":"integer"}]},` +
				`{"name":"stops","type":"list","of":{"type":"object","fields":[{"name":"fee","type":"money"}]}}]}]`,
		},
		"what was around that, too": {
			[]*schema.Model{full, less, other},
			`[` + guest + `,{"entity":"visit","fields":[` +
				`{"name":"place","type":"object","fields":[{"name":"room","type":"text"},{"name":"floor","type":"integer"}]},` +
				`{"name":"stops","type":"list","of":{"type":"object","fields":[{"name":"at","type":"date"},{"name":"fee","type":"money"}]}},` +
				`{"name":"note","type":"text"}]}]`,
		},
		"the last of several definitions": {
			[]*schema.Model{served(t, party), other, served(t, party), served(t, party, "entity: visit\nfields:\n  mood: {type: date}\n"), served(t, party)},
			`[{"entity":"visit","fields":[{"name":"mood","type":"date"}]}]`,
		},
	} {
		text, err := json.Marshal(lives(t, tt.models...))
		if got := string(text); err != nil || got != tt.want {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, tt.want)
		}
	}

	var many []*schema.Model
	for range 20 {
		many = append(many, full, less, other, served(t, party))
	}
	once, err := json.Marshal(lives(t, many[:4]...))
	often, err2 := json.Marshal(lives(t, many...))
	if err != nil || err2 != nil || len(often) != len(once) {
		t.Errorf("with repeated changes it grows from %d bytes to %d: %v, %v\n%s", len(once), len(often), err, err2, often)
	}
}

func TestWhatComesBackIsJudgedByWhatItWas(t *testing.T) {
	t.Parallel()
	full := served(t, party, "role: guest\nof: party\nfields:\n  rank: {type: integer}\n", `entity: visit
fields:
  size: {type: integer}
  same: {type: date}
  mood: {type: enum, options: [good, bad]}
  place: {type: object, fields: {floor: {type: integer}, kind: {type: enum, options: [cellar, hall]}}}
  stops: {type: list, of: {type: object, fields: {at: {type: date}, city: {type: text}}}}
`)
	back := served(t, party, "role: guest\nof: party\nfields:\n  rank: {type: text}\n", `entity: visit
fields:
  size: {type: text}
  same: {type: date}
  mood: {type: enum, options: [good, late]}
  place: {type: object, fields: {floor: {type: text}, kind: {type: enum, options: [hall]}}}
  stops: {type: list, of: {type: object, fields: {at: {type: datetime}, city: {type: enum, options: [Ulm]}}}}
`)
	const values = ", and values are not converted; put it back as it was, or give the new field another name"
	want := map[string]string{
		"party guest.rank":  `guest.yaml:4: field "guest.rank" was of type integer when it was last there and is of type text now, but records of party have values of it` + values,
		"visit size":        `visit.yaml:3: field "size" was of type integer when it was last there and is of type text now, but records of visit have values of it` + values,
		"visit mood":        `visit.yaml:5: field "mood" comes back without the option bad, but records of visit still have it; put it back with that option, and with deprecated: true, so that nobody chooses it anew`,
		"visit place.floor": `visit.yaml:6: field "place.floor" was of type integer when it was last there and is of type text now, but records of visit have values of it` + values,
		"visit place.kind":  `visit.yaml:6: field "place.kind" comes back without the option cellar, but records of visit still have it; put it back with that option, and with deprecated: true, so that nobody chooses it anew`,
		"visit stops.at":    `visit.yaml:7: field "stops.at" was of type date when it was last there and is of type datetime now, but records of visit have values of it` + values,
		"visit stops.city":  `visit.yaml:7: field "stops.city" was of type text when it was last there and is of type enum now, but records of visit have values that are none of its options` + values,
	}
	for name, between := range map[string]*schema.Model{
		"all is gone":            served(t, party),
		"what is inside is gone": served(t, party, "role: guest\nof: party\nfields:\n  other: {type: integer}\n", "entity: visit\nfields:\n  place: {type: object, fields: {x: {type: text}}}\n  stops: {type: list, of: {type: object, fields: {x: {type: text}}}}\n"),
	} {
		got := map[string]string{}
		for _, m := range between.Past(lives(t, full, between)).Misfits(back) {
			got[m.Entity.Name+" "+m.Path] = m.Problem.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if again := between.Past(lives(t, full, between)).Misfits(full); len(again) > 0 {
			t.Errorf("%s, and comes back as it was: %s", name, again[0].Problem)
		}
	}
}

// The names under which the program keeps roles are no fields of anybody's.
func TestARoleMayGoAndComeBack(t *testing.T) {
	t.Parallel()
	guest, host := "role: guest\nof: party\nfields:\n  rank: {type: integer}\n", "role: host\nof: party\nfields:\n  rank: {type: integer}\n"
	both, one, none := served(t, party, guest, host), served(t, party, guest), served(t, party)
	models := []*schema.Model{both, one, none, one, both}
	for i, now := range models[1:] {
		past := models[i].Past(lives(t, models[:i+1]...))
		if misfits := past.Misfits(now); len(misfits) > 0 {
			t.Errorf("change %d is refused: %s", i, misfits[0].Problem)
		}
	}
	text := served(t, party, "extend: party\nfields:\n  guest: {type: text}\n")
	past := none.Past(lives(t, text, none))
	if got := fmt.Sprint(past.Misfits(one)); !strings.Contains(got, `guest.yaml:1: field "guest" was of type text when it was last there and is of type object now`) {
		t.Errorf("a role where there was a text: %s", got)
	}
}

func TestOnlyALookAtTheValuesTellsWhetherTheyFit(t *testing.T) {
	t.Parallel()
	before := served(t, `entity: visit
fields:
  land: {type: text}
  lands: {type: list, of: {type: text}}
  stops: {type: list, of: {type: object, fields: {day: {type: text}}}}
`)
	after := served(t, `entity: visit
fields:
  land: {type: country}
  lands: {type: list, of: {type: country}}
  stops: {type: list, of: {type: object, fields: {day: {type: date}}}}
`)
	fits := func(misfit string, values map[string]any) bool {
		for _, m := range before.Misfits(after) {
			if m.Path == misfit {
				return m.Looks() && m.Fits(values)
			}
		}
		t.Fatalf("%s is no misfit", misfit)
		return false
	}
	stop := func(day any) map[string]any { return map[string]any{"day": day} }
	for name, tt := range map[string]struct {
		path   string
		values map[string]any
		want   bool
	}{
		"a country":                      {"land", map[string]any{"land": "DE"}, true},
		"a country in another form":      {"land", map[string]any{"land": "de"}, false},
		"no country":                     {"land", map[string]any{"land": "Germany"}, false},
		"something from earlier":         {"land", map[string]any{"land": int64(3)}, false},
		"nothing":                        {"land", map[string]any{}, true},
		"a list of countries":            {"lands", map[string]any{"lands": []any{"DE", "FR"}}, true},
		"one of a list":                  {"lands", map[string]any{"lands": []any{"DE", "Gaul"}}, false},
		"an object where there was none": {"land", map[string]any{"land": map[string]any{"x": "DE"}}, false},
		"days in objects":                {"stops.day", map[string]any{"stops": []any{stop("2026-02-28"), stop(nil)}}, true},
		"one day in objects":             {"stops.day", map[string]any{"stops": []any{stop("2026-02-28"), stop("2026-02-30")}}, false},
	} {
		if got := fits(tt.path, tt.values); got != tt.want {
			t.Errorf("%s: Fits(%v) = %v, want %v", name, tt.values, got, tt.want)
		}
	}
}
