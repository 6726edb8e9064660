package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/cmd/xrm/importer"
	"github.com/spf13/cobra"
)

func TestEveryCommandShowsAnExample(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "help" || cmd.Hidden {
			return
		}
		if !strings.HasPrefix(cmd.Example, "  ") || cmd.Short == "" {
			t.Errorf("%s has no example or no description", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk((&program{}).root())
}

func TestHelpGoesToStandardOutput(t *testing.T) {
	status, out, complaints := command(t, nil, "import", "--help")
	if status != 0 || complaints != "" || !strings.Contains(out, "xrm import customers.csv --entity customer --key number") {
		t.Errorf("status %d, %q\n%s", status, complaints, out)
	}
}

func TestTheMapInTheHelpOfTheImportCanBeRead(t *testing.T) {
	_, out, _ := command(t, nil, "import", "--help")
	_, out, _ = strings.Cut(out, "(--map):\n")
	mapping, _, found := strings.Cut(out, "Every key")
	if m, err := importer.ReadMap("help", []byte(mapping)); err != nil || !found || len(m.Fields) != 3 {
		t.Errorf("%v: %s", err, mapping)
	}
}

func TestACommandLineThatMakesNoSenseFails(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"unknown command": {[]string{"improt"}, "unknown command \"improt\" for \"xrm\"\n\nDid you mean this?\n\timport\n\n"},
		"unknown flag":    {[]string{"version", "--jsn"}, "unknown flag: --jsn; did you mean --json?\n"},
		"no file":         {[]string{"import"}, "xrm import needs one file: xrm import customers.csv --entity customer --key number\n"},
		"no such folder":  {[]string{"schema", "lint", "nowhere"}, "there is no folder nowhere; name the folder with the entity definitions\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, out, complaints := command(t, nil, tt.args...)
			if status != 1 || out != "" || complaints != tt.want {
				t.Errorf("status %d, output %q\ngot  %q\nwant %q", status, out, complaints, tt.want)
			}
		})
	}
}

func TestVersionSaysFromWhatItIsBuilt(t *testing.T) {
	status, out, _ := command(t, nil, "version", "--json")
	var b build
	if err := json.Unmarshal([]byte(out), &b); err != nil || status != 0 || !strings.HasPrefix(b.Go, "go1.") {
		t.Errorf("status %d, %v: %s", status, err, out)
	}
}

func TestSchemaLintPrintsEveryProblemAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "entities")
	write(t, filepath.Join(dir, "member.yaml"), "entity: member\nfields:\n  name: {type: strng}\n  party: {type: reference, to: party}\n")
	write(t, filepath.Join(dir, "more", "party.yaml"), "extend: party\nfeilds: {}\n")
	member, party := filepath.ToSlash(filepath.Join(dir, "member.yaml")), filepath.ToSlash(filepath.Join(dir, "more", "party.yaml"))

	status, out, complaints := command(t, nil, "schema", "lint", dir)
	want := member + `:3: field "name": unknown type "strng"; did you mean "text"?` + "\n" +
		party + `:2: unknown key "feilds"; did you mean "fields"?` + "\n2 problems\n"
	if status != 1 || out != "" || complaints != want {
		t.Errorf("status %d, output %q\ngot  %s\nwant %s", status, out, complaints, want)
	}

	write(t, filepath.Join(dir, "more", "party.yaml"), "extend: party\nfields:\n  shoeSize: {type: integer}\n")
	status, out, _ = command(t, nil, "schema", "lint", dir, "--json")
	var got lintResult
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != 1 || len(got.Problems) != 1 || got.Problems[0].File != member || got.Problems[0].Line != 3 {
		t.Errorf("status %d, %v: %s", status, err, out)
	}

	write(t, filepath.Join(dir, "member.yaml"), "# what the API calls the answer of createParty\nentity: partyPayload\nfields:\n  name: {type: text}\n")
	status, out, complaints = command(t, nil, "schema", "lint", dir)
	want = member + ":2: the entity partyPayload cannot have the type PartyPayload: it is the payload of party; choose another name\n1 problem\n"
	if status != 1 || out != "" || complaints != want {
		t.Errorf("status %d, output %q\ngot  %s\nwant %s", status, out, complaints, want)
	}

	var wide strings.Builder
	for i := range 61 {
		fmt.Fprintf(&wide, "  f%d: {type: integer, index: true}\n", i)
	}
	write(t, filepath.Join(dir, "member.yaml"), "entity: member\nfields:\n"+wide.String())
	status, out, complaints = command(t, nil, "schema", "lint", dir)
	want = member + ":1: member has 65 indexes, with those of its roles, of what extends it and of the program; at most 64 are kept. " +
		"Take index, unique or search from 1 of its fields, or take away as many of its indexes; a unique field has two.\n1 problem\n"
	if status != 1 || out != "" || complaints != want {
		t.Errorf("status %d, output %q\ngot  %s\nwant %s", status, out, complaints, want)
	}

	write(t, filepath.Join(dir, "member.yaml"), "entity: member\nfields:\n  name: {type: text}\n  party: {type: reference, to: party}\n")
	if status, out, complaints = command(t, nil, "schema", "lint", dir); status != 0 || out != "10 entities, no problems\n" {
		t.Errorf("status %d: %s%s", status, out, complaints)
	}
}

func TestAFolderThatExtendsMailsIsLinted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "mail.yaml"), "extend: mail\nfields:\n  campaign: {type: text}\n")
	if status, out, complaints := command(t, nil, "schema", "lint", dir); status != 0 || out != "12 entities, no problems\n" {
		t.Errorf("status %d: %s%s", status, out, complaints)
	}
	write(t, filepath.Join(dir, "mail.yaml"), "extend: mail\nfields:\n  campaign: {type: txt}\n")
	_, _, complaints := command(t, nil, "schema", "lint", dir)
	if want := filepath.ToSlash(dir) + `/mail.yaml:3: field "campaign": unknown type "txt"; did you mean "text"?` + "\n1 problem\n"; complaints != want {
		t.Errorf("got  %s\nwant %s", complaints, want)
	}
	write(t, filepath.Join(dir, "mail.yaml"), "entity: mail\nfields:\n  campaign: {type: text}\n")
	if status, out, complaints := command(t, nil, "schema", "lint", dir); status != 0 || out != "10 entities, no problems\n" {
		t.Errorf("a site that has mails of its own, and no mail server: status %d: %s%s", status, out, complaints)
	}
}

func TestImportTellsWhatKeepsItFromBeginning(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "products.csv"), "sku,name\n1,Chai\n")
	mapping := write(t, filepath.Join(dir, "map.yaml"), "entity: product\nmissin: [x]\nfields:\n  name: {colum: name}\n")
	away := []string{"XRM_SERVER=http://127.0.0.1:1", "XRM_KEY=xrm_nobody"}
	tests := map[string]struct {
		environ []string
		args    []string
		want    string
	}{
		"no key": {
			environ: []string{"XRM_DATA=" + filepath.Join(dir, "none")},
			args:    []string{file, "--entity", "product"},
			want: "read the API key: open " + filepath.Join(dir, "none", "admin.key") + ": no such file or directory; " +
				"the first `xrm serve` writes one into its data folder: name it with --key-file, or put the key into XRM_KEY\n",
		},
		"no server": {
			environ: away,
			args:    []string{file, "--entity", "product"},
			want:    "cannot reach the server at http://127.0.0.1:1: connection refused; start it with `xrm serve`, or say where it is with --server\n",
		},
		"no entity": {
			environ: away,
			args:    []string{file},
			want:    "say what the rows are: --entity NAME, for example --entity customer\n",
		},
		"no file": {
			environ: away,
			args:    []string{filepath.Join(dir, "none.csv"), "--entity", "product"},
			want:    "read the file to import: open " + filepath.Join(dir, "none.csv") + ": no such file or directory\n",
		},
		"a map with mistakes": {
			environ: away,
			args:    []string{file, "--map", mapping},
			want: mapping + `:2: unknown key "missin"; did you mean "missing"?` + "\n" +
				mapping + `:4: unknown key "colum"; did you mean "column"?` + "\n",
		},
		"no batch": {
			environ: away,
			args:    []string{file, "--batch", "0"},
			want:    "--batch must be at least 1, not 0\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, out, complaints := command(t, tt.environ, append([]string{"import"}, tt.args...)...)
			if status != 1 || out != "" || complaints != tt.want {
				t.Errorf("status %d, output %q\ngot  %s\nwant %s", status, out, complaints, tt.want)
			}
		})
	}
}

func TestImportIntoARunningServer(t *testing.T) {
	t.Parallel()
	server := start(t)
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "customers.csv"), "number,kind,name,country,email,Shoe size\nC-1,organization,Groß,DE,info@gross.example,44\n"+
		"C-2,ORGANIZATION,,Germany,nobody,45\nC-3,person,Jana,de,,\n")
	run := func(environ []string, flags ...string) (int, importer.Summary, string) {
		status, out, complaints := command(t, environ, append([]string{"import", file, "--entity", "customer", "--key", "number", "--json"}, flags...)...)
		var s importer.Summary
		if out != "" {
			if err := json.Unmarshal([]byte(out), &s); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
		s.Seconds = 0
		return status, s, complaints
	}
	rejected := filepath.Join(dir, "customers.rejected.csv")

	status, got, complaints := run(server.environ(), "--dry-run")
	want := importer.Summary{Rows: 3, Created: 2, Rejected: 1, DryRun: true}
	if status != 2 || !cmp.Equal(want, got) {
		t.Errorf("dry run: status %d %s\n%s", status, complaints, cmp.Diff(want, got))
	}
	status, got, complaints = run(server.environ())
	want.DryRun, want.RejectedFile = false, rejected
	if status != 2 || !cmp.Equal(want, got) {
		t.Errorf("status %d %s\n%s", status, complaints, cmp.Diff(want, got))
	}
	wantComplaints := file + `: column "Shoe size" is not imported: customer has no field of that name; a map file (--map) can say where it goes` + "\n" +
		"line 3 is rejected: country must be a country by its two letters such as DE, not Germany; " +
		"email must be an e-mail address such as maria@example.org, not nobody; displayName (column name) is required\n"
	if complaints != wantComplaints {
		t.Errorf("got  %s\nwant %s", complaints, wantComplaints)
	}

	corrected := write(t, rejected, strings.NewReplacer("Germany", "DE", "nobody", "b@example.org", "C-2,ORGANIZATION,,", "C-2,ORGANIZATION,Neu,").Replace(read(t, rejected)))
	status, out, complaints := command(t, server.environ(), "import", corrected, "--entity", "customer", "--key", "number")
	if status != 0 || !strings.HasPrefix(out, corrected+": 1 row imported: 1 created, 0 updated, 0 unchanged; 0 rows rejected, in ") {
		t.Errorf("status %d: %s%s", status, out, complaints)
	}

	status, _, complaints = run([]string{"XRM_SERVER=" + server.url, "XRM_KEY=xrm_wrong", "XRM_DATA=" + server.data})
	if status != 1 || !strings.Contains(complaints, "the key comes from XRM_KEY or else from "+filepath.Join(server.data, "admin.key")) {
		t.Errorf("status %d: %s", status, complaints)
	}
	status, out, complaints = command(t, server.environ(), "import", file, "--entity", "custmer")
	if status != 1 || complaints != `the server has no entity "custmer"; did you mean "customer"?`+"\n" {
		t.Errorf("status %d: %s%s", status, out, complaints)
	}
}

func TestTheSampleGetsInAndASecondTimeChangesNothing(t *testing.T) {
	t.Parallel()
	server := start(t)
	sample := filepath.Join("..", "..", "examples", "sample", "import.sh")
	want := []importer.Summary{{Rows: 3, Created: 3}, {Rows: 8, Created: 8}, {Rows: 10, Created: 10}, {Rows: 23, Created: 12}}
	if diff := cmp.Diff(want, runScript(t, server, sample)); diff != "" {
		t.Error(diff)
	}
	want = []importer.Summary{{Rows: 3, Unchanged: 3}, {Rows: 8, Unchanged: 8}, {Rows: 10, Unchanged: 10}, {Rows: 23, Unchanged: 12}}
	if diff := cmp.Diff(want, runScript(t, server, sample)); diff != "" {
		t.Error(diff)
	}
}

// write writes a file, with the folders above it.
func write(t testing.TB, name, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
