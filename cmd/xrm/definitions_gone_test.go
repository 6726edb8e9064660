package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// site is a database whose server starts anew with other definitions.
type site struct {
	*process
	t      *testing.T
	data   string
	folder string
	flags  []string
}

func newSite(t *testing.T, flags ...string) *site {
	t.Helper()
	return &site{t: t, data: t.TempDir(), folder: t.TempDir(), flags: flags}
}

// serve starts the server with these files, each of one entity.
func (s *site) serve(files ...string) {
	s.t.Helper()
	if s.process != nil {
		s.stop()
	}
	s.folder = s.t.TempDir()
	for _, text := range files {
		head, _, _ := strings.Cut(text, "\n")
		_, name, _ := strings.Cut(head, ": ")
		write(s.t, filepath.Join(s.folder, name+".yaml"), text)
	}
	s.process = spawn(s.t, s.data, nil, append(s.flags, "--entities", s.folder)...).ready()
}

// served wants all definitions to be in force.
func (s *site) served() {
	s.t.Helper()
	if _, body := s.get("/readyz"); strings.TrimSpace(body) != `{"status":"ready"}` {
		s.t.Fatalf("/readyz answers %s", body)
	}
}

// refused wants the reasons, and no others, in /readyz.
func (s *site) refused(reasons ...string) {
	s.t.Helper()
	_, body := s.get("/readyz")
	for _, want := range reasons {
		if !strings.Contains(body, want) {
			s.t.Errorf("/readyz answers %s\nwant %s", body, want)
		}
	}
	if got := strings.Count(body, ".yaml:"); got != len(reasons) {
		s.t.Errorf("/readyz has %d reasons: %s\nwant %d", got, body, len(reasons))
	}
}

// answers wants an answer that has all of these texts.
func (s *site) answers(query string, texts ...string) {
	s.t.Helper()
	got := s.says(query)
	for _, want := range texts {
		if !strings.Contains(got, want) {
			s.t.Errorf("%s answers %s\nwant %s", query, got, want)
		}
	}
}

func TestWhatComesBackWithAnotherDefinitionIsHeldAgainstWhatIsStored(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		const thing = "entity: thing\nfields:\n  code: {type: text, unique: true}\n"
		const full = thing + `  size: {type: integer, max: 99, min: 0, index: true}
  mood: {type: enum, options: [good, bad], index: true}
  bare: {type: integer}
  box: {type: object, fields: {k: {type: text}, depth: {type: integer}}}
  rows: {type: list, of: {type: object, fields: {k: {type: text}, day: {type: date}}}}
`
		const less = thing + "  box: {type: object, fields: {k: {type: text}}}\n  rows: {type: list, of: {type: object, fields: {k: {type: text}}}}\n"
		const crate = "entity: crate\nfields:\n  weight: {type: integer}\n"
		s := newSite(t, flags...)
		s.serve(full, crate)
		s.answers(`mutation { createThings(data: [{code: "a", size: 1, mood: bad, box: {k: "in", depth: 2}, rows: [{k: "r", day: "2026-02-28"}]}, {code: "b", size: 2}]) { outcome } createCrate(data: {weight: 3}) { outcome } }`, "created")
		s.serve(less)
		s.served()
		s.serve(less + "  more: {type: text}\n")
		s.answers(`mutation { upsertThing(by: code, data: {code: "a", more: "x"}) { outcome } }`, "updated")
		s.serve(thing)
		s.served()

		s.serve(thing+`  size: {type: text, index: true}
  mood: {type: enum, options: [good], index: true}
  bare: {type: text}
  box: {type: object, fields: {k: {type: text}, depth: {type: text}}}
  rows: {type: list, of: {type: object, fields: {k: {type: text}, day: {type: datetime}}}}
`, "entity: crate\nfields:\n  weight: {type: text}\n")
		const other = `, and values are not converted; put it back as it was, or give the new field another name (`
		s.refused(
			`crate.yaml:3: field \"weight\" was of type integer when it was last there and is of type text now, but records of crate have values of it`+other+`1 record)`,
			`thing.yaml:4: field \"size\" was of type integer when it was last there and is of type text now, but records of thing have values of it`+other+`2 records)`,
			`thing.yaml:5: field \"mood\" comes back without the option bad, but records of thing still have it; put it back with that option, and with deprecated: true, so that nobody chooses it anew (1 record)`,
			`thing.yaml:7: field \"box.depth\" was of type integer when it was last there and is of type text now`,
			`thing.yaml:8: field \"rows.day\" was of type date when it was last there and is of type datetime now`,
		)
		s.answers(`{ things { nodes { code } } }`, `"a"`, `"b"`)

		s.serve(full, crate)
		s.served()
		s.answers(`{ things(filter: {mood: {eq: bad}}) { nodes { size mood box { k depth } rows { k day } } } crates { nodes { weight } } }`,
			`"mood":"bad"`, `"day":"2026-02-28"`, `"depth":"2"`, `"size":1`, `"weight":"3"`)
		s.stop()
	})
}

func TestAnotherTypeIsServedWhereAllStoredValuesFitIt(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		const thing = "entity: thing\nfields:\n  code: {type: text, unique: true}\n"
		const texts = thing + `  kind: {type: text, index: true}
  land: {type: text, index: true}
  site: {type: text}
  tags: {type: list, of: {type: text}, index: true}
  lands: {type: list, of: {type: text}}
  rows: {type: list, of: {type: object, fields: {day: {type: text}, kind: {type: text}}}}
`
		const words = thing + `  kind: {type: enum, options: [a, b, c], index: true}
  land: {type: country, index: true}
  site: {type: url}
  tags: {type: list, of: {type: enum, options: [a, b]}, index: true}
  lands: {type: list, of: {type: country}}
  rows: {type: list, of: {type: object, fields: {day: {type: date}, kind: {type: enum, options: [a]}}}}
`
		s := newSite(t, flags...)
		s.serve(texts)
		s.answers(`mutation { createThings(data: [
			{code: "1", kind: "b", land: "FR", site: "https://example.org", tags: ["a", "b"], lands: ["DE", "FR"], rows: [{day: "2026-02-28", kind: "a"}, {kind: "a"}]},
			{code: "2", kind: "z", land: "Gaul", site: "example.org", tags: ["a", "x"], lands: ["DE", "fr"], rows: [{day: "today", kind: "a"}, {kind: "b"}]},
			{code: "3", kind: "a", land: "DE"}]) { outcome } }`, "created")
		s.serve(words)
		const instead = `, and values are not converted; change those first, or give the new field another name and leave the old one as it was (1 record)`
		s.refused(
			`thing.yaml:4: field \"kind\" was of type text and is of type enum now, but records of thing have values that are none of its options`+instead,
			`thing.yaml:5: field \"land\" was of type text and is of type country now, but records of thing have values that it would store otherwise or not at all`+instead,
			`thing.yaml:6: field \"site\" was of type text and is of type url now, but records of thing have values that it would store otherwise or not at all`+instead,
			`thing.yaml:7: field \"tags\" was of type text and is of type enum now, but records of thing have values that are none of its options`+instead,
			`thing.yaml:8: field \"lands\" was of type text and is of type country now, but records of thing have values that it would store otherwise or not at all`+instead,
			`thing.yaml:9: field \"rows.day\" was of type text and is of type date now, but records of thing have values that it would store otherwise or not at all`+instead,
			`thing.yaml:9: field \"rows.kind\" was of type text and is of type enum now, but records of thing have values that are none of its options`+instead,
		)
		s.answers(`mutation { upsertThing(by: code, data: {code: "2", kind: "c", land: null, site: null, tags: [], lands: ["FR"], rows: []}) { outcome } }`, "updated")

		s.serve(words)
		s.served()
		s.answers(`{ things(filter: {kind: {in: [b]}, land: {eq: "FR"}, tags: {some: {eq: b}}}) { nodes { code kind land site tags lands rows { day kind } } } }`,
			`"code":"1","kind":"b","land":"FR","site":"https://example.org","tags":["a","b"],"lands":["DE","FR"],"rows":[{"day":"2026-02-28","kind":"a"},{"day":null,"kind":"a"}]`)
		s.answers(`{ things(orderBy: [{land: DESC}], filter: {land: {isNull: false}}) { nodes { code } } }`, `[{"code":"1"},{"code":"3"}]`)
		s.answers(`mutation { upsertThing(by: code, data: {code: "3", kind: c, land: "IT", rows: [{day: "2026-03-01"}]}) { outcome } }`, "updated")

		s.serve(texts)
		s.served()
		s.answers(`{ things(filter: {kind: {startsWith: "c"}}, orderBy: [{kind: ASC}]) { nodes { land rows { day } } } }`, `"land":"IT"`, `"day":"2026-03-01"`)
		s.stop()
	})
}
