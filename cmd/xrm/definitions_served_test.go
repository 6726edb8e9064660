package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// siteFolder is a folder of entities whose files a test changes.
func siteFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		write(t, filepath.Join(folder, name), text)
	}
	return folder
}

// says asks an instance, and returns the answer or the error.
func (p *process) says(query string) string {
	p.t.Helper()
	var answer rawText
	if err := p.ask(query, nil, &answer); err != nil {
		return err.Error()
	}
	return string(answer)
}

func TestAFieldThatIsGoneFreezesNoRecord(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		data := t.TempDir()
		serve := func(text string) *process {
			return spawn(t, data, nil, append(flags, "--entities", siteFolder(t, map[string]string{"customer.yaml": text}))...).ready()
		}
		const v1 = "extend: customer\nfields: {churn: {type: integer, index: true}}\n"
		p := serve(v1)
		if got := p.says(`mutation { createCustomer(data: {kind: organization, displayName: "Test", number: "C-1", churn: 5}) { outcome } }`); !strings.Contains(got, "created") {
			t.Fatal(got)
		}
		p.stop()
		p = serve("extend: customer\nfields: {other: {type: text}}\n")
		if got := p.says(`mutation { upsertCustomer(by: number, data: {number: "C-1", city: "Ulm"}) { outcome customer { city } } }`); !strings.Contains(got, "updated") || !strings.Contains(got, "Ulm") {
			t.Errorf("without the field: %s", got)
		}
		p.stop()
		p = serve(v1)
		if got := p.says(`{ customers(filter: {churn: {eq: 5}}) { nodes { churn city } } }`); !strings.Contains(got, `"churn":5`) && !strings.Contains(got, `"churn":"5"`) && !strings.Contains(got, `"churn": 5`) {
			t.Errorf("with the field again: %s", got)
		}
		p.stop()
	})
}

func TestADefinitionThatStoredValuesDoNotFitIsRefusedBeforeItServes(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		data, folder := t.TempDir(), siteFolder(t, map[string]string{"thing.yaml": `entity: thing
fields:
  code: {type: text, unique: true}
  plz: {type: integer, index: true}
  size: {type: text, index: true}
  state: {type: enum, options: [open, done], index: true}
`, "box.yaml": "entity: box\nplural: boxes\nfields: {thing: {type: reference, to: thing}}\n"})
		serve := func() *process { return spawn(t, data, nil, append(flags, "--entities", folder)...).ready() }
		p := serve()
		if got := p.says(`mutation { createThings(data: [{code: "a", plz: 1067, size: "12", state: done}]) { outcome } }`); !strings.Contains(got, "created") {
			t.Fatal(got)
		}
		p.stop()

		write(t, filepath.Join(folder, "thing.yaml"), `entity: thing
fields:
  code: {type: text, unique: true}
  plz: {type: text, index: true}
  size: {type: integer, index: true}
  state: {type: enum, options: [open], index: true}
`)
		p = serve()
		status, body := p.get("/readyz")
		for _, want := range []string{
			`thing.yaml:4: field \"plz\" was of type integer and is of type text now, but records of thing have values of it, and values are not converted; give the new field another name and leave the old one as it was (1 record)`,
			`thing.yaml:5: field \"size\" was of type text and is of type integer now`,
			`thing.yaml:6: field \"state\" has lost the option done, but records of thing have it; change those first, or keep the option with deprecated: true, so that nobody chooses it anew (1 record)`,
		} {
			if status != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, folder) {
				t.Errorf("/readyz answers %d %s\nwant 200 with %s", status, body, want)
			}
		}
		p.await(p.log, `level=ERROR msg="a definition of the site does not fit[^"]*" definition=`)
		if got := p.says(`{ things { nodes { code plz size state } } byPlz: things(filter: {plz: {eq: 1067}}) { totalCount } }`); !strings.Contains(got, `done`) || strings.Contains(got, "INTERNAL") {
			t.Errorf("under the definitions that served last: %s", got)
		}
		if got := p.says(`mutation { upsertThing(by: code, data: {code: "a", plz: null, size: null, state: open}) { outcome } }`); !strings.Contains(got, "updated") {
			t.Fatal(got)
		}
		p.stop()
		p = serve()
		if _, body := p.get("/readyz"); strings.TrimSpace(body) != `{"status":"ready"}` {
			t.Errorf("once nothing stands against them /readyz answers %s", body)
		}
		if got := p.says(`mutation { createThings(data: [{code: "b", plz: "01067", size: 3, state: open}]) { outcome } }`); !strings.Contains(got, "created") {
			t.Errorf("under the new definitions: %s", got)
		}
		p.stop()

		gone := filepath.Join(folder, "thing.yaml")
		if err := os.Remove(gone); err != nil {
			t.Fatal(err)
		}
		p = serve()
		if _, body := p.get("/readyz"); !strings.Contains(body, `box.yaml:3: field \"thing\": to: there is no entity or role \"thing\": thing.yaml, which defined it, is missing. Put the file back, or take out what refers to thing`) {
			t.Errorf("without a file that another needs /readyz answers %s", body)
		}
		if got := p.says(`{ things { totalCount } }`); strings.Contains(got, "rror") {
			t.Errorf("what served last: %s", got)
		}
		p.stop()
		if err := os.Remove(filepath.Join(folder, "box.yaml")); err != nil {
			t.Fatal(err)
		}
		p = serve()
		p.await(p.log, `msg="an entity is gone from the definitions; its records are kept, hidden, and are there again when its file is" entity=thing file=\S*thing.yaml records=2`)
		p.stop()
	})
}

func TestARestoredDatabaseRefusesDefinitionsThatItsValuesDoNotFit(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		data, file := t.TempDir(), filepath.Join(t.TempDir(), "one.xrm")
		folder := siteFolder(t, map[string]string{"thing.yaml": "entity: thing\nfields:\n  code: {type: text, unique: true}\n  rate: {type: decimal, index: true}\n"})
		p := spawn(t, data, nil, append(flags, "--entities", folder)...).ready()
		if got := p.says(`mutation { createThings(data: [{code: "a", rate: "1.50"}]) { outcome } }`); !strings.Contains(got, "created") {
			t.Fatal(got)
		}
		p.stop()
		if status, out, complaints := command(t, nil, append([]string{"backup", file, "--data", data}, flags...)...); status != 0 {
			t.Fatalf("backup ends with %d: %s%s", status, out, complaints)
		}
		changed := siteFolder(t, map[string]string{"thing.yaml": "entity: thing\nfields:\n  code: {type: text, unique: true}\n  rate: {type: text, index: true}\n"})
		for name, other := range map[string][]string{"sqlite": nil, "mongodb": {"--store", mongoDatabase(t)}} {
			there := append([]string{"--data", t.TempDir()}, other...)
			if name == "sqlite" { // whose first start has noted definitions
				spawn(t, there[1], nil, there[2:]...).ready().stop()
			}
			if status, out, complaints := command(t, nil, append([]string{"restore", file, "--entities", changed}, there...)...); status != 0 {
				t.Fatalf("restore into %s ends with %d: %s%s", name, status, out, complaints)
			}
			p = spawn(t, there[1], nil, append(there[2:], "--entities", changed)...).ready()
			want := `thing.yaml:4: field \"rate\" was of type decimal and is of type text now, but records of thing have values of it`
			if _, body := p.get("/readyz"); !strings.Contains(body, want) {
				t.Errorf("restored into %s, /readyz answers %s\nwant %s", name, body, want)
			}
			if got := p.says(`{ things(filter: {rate: {gt: "1.4"}}) { nodes { code rate } } }`); !strings.Contains(got, `"1.5"`) {
				t.Errorf("restored into %s, under the definitions that served last: %s", name, got)
			}
			p.stop()
		}
	})
}
