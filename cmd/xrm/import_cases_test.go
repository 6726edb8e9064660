package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/cmd/xrm/importer"
)

// contacts are what an admin's own entity for the imports of these tests has.
const contacts = `entity: contact
fields:
  key: {type: text, unique: true}
  name: {type: text, index: true}
  email: {type: email, index: true}
  birthday: {type: date, index: true}
  seenAt: {type: datetime, index: true}
  score: {type: integer, unique: true}
  rate: {type: decimal, index: true}
  fee: {type: money}
  head: {type: reference, to: contact}
`

// importCase is a file as people have it, its map, and what must come of it.
type importCase struct {
	mapping, file string
	want          []string // of each contact what select names, in the order of the keys
	rejected      []string
}

func TestFilesAsPeopleHaveThemAreImported(t *testing.T) {
	t.Parallel()
	const german = "entity: contact\nkey: key\ncurrency: EUR\ndecimal: \",\"\nthousands: \".\"\ntimeZone: Europe/Berlin\n"
	tests := map[string]importCase{
		"a decimal point in a German file": {
			mapping: german, file: "key;rate\nk1;0.123\nk2;.123\nk3;1.234,5\nk4;1.234\n",
			want: []string{"k3 rate 1234.5", "k4 rate 1234"},
			rejected: []string{
				`line 2 is rejected: rate must be a decimal number such as 1.234,50, not 0.123; it is 0.123 with decimal: "." and thousands: "," in the map`,
				`line 3 is rejected: rate must be a decimal number such as 1.234,50, not .123; it is 0.123 with decimal: "." and thousands: "," in the map`,
			},
		},
		"amounts as spreadsheets write them": {
			mapping: german, file: "key;fee\na1;1.234,50 €\na2;1.234,50 EUR\na3;1\u00a0234,50\na4;1\u202f234,50\na5;1.234,50-\n",
			want: []string{"a1 fee 1234.5 EUR", "a2 fee 1234.5 EUR", "a3 fee 1234.5 EUR", "a4 fee 1234.5 EUR", "a5 fee -1234.5 EUR"},
		},
		"dates in four forms": {
			mapping: german + "fields:\n  seenAt: {column: seenAt, dates: [D MMM YYYY, \"MM/DD/YYYY h:mm A\", D. MMMM YYYY, \"YYYY-MM-DDThh:mm:ss.SSSZ\"]}\n",
			file:    "key,seenAt\nd1,12 Mar 2024\nd2,02/28/2026 9:30 AM\nd3,28. Februar 2026\nd4,2026-02-28T09:30:00.000+0000\n",
			want: []string{
				"d1 seenAt 2024-03-11T23:00:00.000Z", "d2 seenAt 2026-02-28T08:30:00.000Z",
				"d3 seenAt 2026-02-27T23:00:00.000Z", "d4 seenAt 2026-02-28T09:30:00.000Z",
			},
		},
		"birthdays of two digits": {
			mapping: german + "dates: DD.MM.YY\n", file: "key;birthday\nb1;01.02.65\nb2;01.02.01\n",
			want: []string{"b1 birthday 1965-02-01", "b2 birthday 2001-02-01"},
		},
		"the same header twice, ignored": {
			mapping: german + "ignore: [tag]\n", file: "key,tag,tag,name\nx1,a,b,N\n", want: []string{"x1 name N"},
		},
		"the first of several columns": {
			mapping: german + "fields:\n  key: {firstOf: [Last Name, Organization Name]}\n  name: {firstOf: [{join: [First Name, Last Name]}, Organization Name]}\n",
			file:    "First Name,Last Name,Organization Name\nAnna,Beispiel,Firma\n,,Only Ltd\n",
			want:    []string{"Beispiel name Anna Beispiel", "Only Ltd name Only Ltd"},
		},
	}
	server, _ := contactServer(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := write(t, filepath.Join(dir, "in.csv"), tt.file)
			_, _, complaints := command(t, server.environ(), "import", file, "--map", write(t, filepath.Join(dir, "map.yaml"), tt.mapping))
			if diff := cmp.Diff(strings.Join(append(tt.rejected, ""), "\n"), complaints); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.want, contactsOf(t, server, tt.file)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// contactServer is a server with the contacts.
func contactServer(t *testing.T, flags ...string) (server running, dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, filepath.Join(dir, "entities", "contact.yaml"), contacts)
	return start(t, append(flags, "--entities", filepath.Join(dir, "entities"))...), dir
}

// contactsOf lists what the contacts have whose keys stand in a file, each as
// a line: key, field, value.
func contactsOf(t *testing.T, server running, file string) []string {
	t.Helper()
	var answer struct {
		Contacts struct {
			Nodes []struct {
				Key, Name, Email, Birthday, SeenAt, Rate string
				Score                                    any
				Fee                                      *struct{ Amount, Currency string }
				Head                                     *struct{ Key string }
			}
		}
	}
	newAsker(t, server).ask("{ contacts(orderBy: [{key: ASC}], first: 100) { nodes { key name email birthday seenAt score rate fee { amount currency } head { key } } } }", nil, &answer)
	var lines []string
	for _, c := range answer.Contacts.Nodes {
		if !strings.Contains(file, c.Key) {
			continue
		}
		line := c.Key
		add := func(name string, value any) {
			if text := fmt.Sprint(value); text != "" && value != nil {
				line += " " + name + " " + text
			}
		}
		add("name", c.Name)
		add("email", c.Email)
		add("birthday", c.Birthday)
		add("seenAt", c.SeenAt)
		add("score", c.Score)
		add("rate", c.Rate)
		if c.Fee != nil {
			add("fee", c.Fee.Amount+" "+c.Fee.Currency)
		}
		if c.Head != nil {
			add("head", c.Head.Key)
		}
		lines = append(lines, line)
	}
	return lines
}

// imported runs an import and returns its summary, without the time and the
// file, and what it said.
func imported(t *testing.T, server running, file, mapping string, flags ...string) (importer.Summary, string) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"import", write(t, filepath.Join(dir, "in.csv"), file), "--map", write(t, filepath.Join(dir, "map.yaml"), mapping), "--json"}
	_, out, complaints := command(t, server.environ(), append(args, flags...)...)
	var s importer.Summary
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Fatalf("%v: %s%s", err, out, complaints)
	}
	s.Seconds, s.RejectedFile = 0, ""
	return s, strings.ReplaceAll(complaints, dir+string(filepath.Separator), "")
}

func TestAContactListWhoseOnlyKeyIsTheEmailDoesNotDouble(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		server, _ := contactServer(t, flags...)
		const note = "in.csv: email is not unique: the one contact that has a row's email is updated; two imports at the same time could create it twice\n"
		const mapping = "entity: contact\nkey: email\n"
		for n, step := range []struct {
			file, mapping string
			flags         []string
			want          importer.Summary
			said          string
		}{
			{"email,key,name\nAnna@Example.org,c1,Anna\nbert@example.org,c2,Bert\n", mapping, []string{"--dry-run"}, importer.Summary{Rows: 2, Created: 2, DryRun: true}, note},
			{"email,key,name\nAnna@Example.org,c1,Anna\nbert@example.org,c2,Bert\n", mapping, nil, importer.Summary{Rows: 2, Created: 2}, note},
			{"email,key,name\nAnna@Example.org,c1,Anna\nbert@example.org,c2,Bert\n", mapping, nil, importer.Summary{Rows: 2, Unchanged: 2}, note},
			{"email,key,name\nANNA@example.org,c1,Anne\ncarl@example.org,c3,Carl\nbert@example.org,c2,Bert\n", mapping, []string{"--batch", "1"}, importer.Summary{Rows: 3, Created: 1, Updated: 1, Unchanged: 1}, note},
			{"email,key,name\nanna@example.org,c1,Anna\nAnna@Example.org,c9,Anna again\n,c8,Nobody\n", mapping, nil, importer.Summary{Rows: 3, Updated: 1, Rejected: 2}, note +
				"line 3 is rejected: email is \"anna@example.org\" in line 2 already; leave one of the two out\n" +
				"line 4 is rejected: email is the key and needs a value\n"},
			{"email,key,name\nanna@example.org,c4,Another Anna\n", "entity: contact\nkey: key\n", nil, importer.Summary{Rows: 1, Created: 1}, ""},
			{"email,key,name,score\nanna@example.org,c1,Anna,x\nbert@example.org,c2,Bertram,\ndora@example.org,c2,Dora,\nbert@example.com,c6,,x\n", mapping, nil, importer.Summary{Rows: 4, Updated: 1, Rejected: 3}, note +
				"line 2 is rejected: score must be a whole number, not x; email is \"anna@example.org\", but 2 contacts have that; merge them, or use a key that is unique\n" +
				"line 4 is rejected: key is taken: another contact has c2 already\n" +
				"line 5 is rejected: score must be a whole number, not x\n"},
		} {
			got, said := imported(t, server, step.file, step.mapping, step.flags...)
			if diff := cmp.Diff(step.want, got); diff != "" {
				t.Errorf("step %d: %s", n, diff)
			}
			if diff := cmp.Diff(step.said, said); diff != "" {
				t.Errorf("step %d: %s", n, diff)
			}
		}
		want := []string{
			"c1 name Anna email anna@example.org", "c2 name Bertram email bert@example.org",
			"c3 name Carl email carl@example.org", "c4 name Another Anna email anna@example.org",
		}
		if diff := cmp.Diff(want, contactsOf(t, server, "c1 c2 c3 c4 c6 c8 c9")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAReferenceIsFoundByAnyUniqueFieldAndByANameThatOneHas(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		server, _ := contactServer(t, flags...)
		imported(t, server, "key,name,score\nh1,Head,1234567890\nh2,Twin,-7\nh3,Twin,\n", "entity: contact\nkey: key\n")
		for by, tt := range map[string]struct{ file, want, said string }{
			"score": {
				"key;head\ns1;1.234.567.890\ns2;-7\ns3;8\n", "s1 head h1|s2 head h2",
				"line 4 is rejected: head refers to the contact with score \"8\", which does not exist\n",
			},
			"name": {
				"key;head\nn1;Head\nn2;Twin\nn3;Nobody\n", "n1 head h1",
				"line 3 is rejected: head refers to the contact with name \"Twin\", but 2 contacts have that; say which one is meant by a unique field (lookup:)\n" +
					"line 4 is rejected: head refers to the contact with name \"Nobody\", which does not exist\n",
			},
		} {
			for _, batch := range []string{"200", "1"} {
				_, said := imported(t, server, tt.file, "entity: contact\nkey: key\nthousands: \".\"\ndecimal: \",\"\nfields:\n  head: {column: head, lookup: "+by+"}\n", "--batch", batch)
				if diff := cmp.Diff(tt.said, said); diff != "" {
					t.Errorf("by %s: %s", by, diff)
				}
				if diff := cmp.Diff(tt.want, strings.Join(contactsOf(t, server, tt.file), "|")); diff != "" {
					t.Errorf("by %s: %s", by, diff)
				}
			}
		}
	})
}

func TestAReferenceByWhatADuplicateHadLeadsToTheRecordThatItWasMergedInto(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		server, _ := contactServer(t, flags...)
		p := newAsker(t, server)
		ids := map[string]string{}
		for _, number := range []string{"C-1", "C-2", "C-3"} {
			var made struct {
				CreateCustomer struct{ Customer struct{ ID string } }
			}
			p.ask(`mutation { createCustomer(data: {kind: organization, displayName: "Test", number: "`+number+`"}) { customer { id } } }`, nil, &made)
			ids[number] = made.CreateCustomer.Customer.ID
		}
		for _, pair := range [][2]string{{"C-1", "C-2"}, {"C-2", "C-3"}} {
			p.ask(`mutation { mergeParties(from: "`+ids[pair[0]]+`", into: "`+ids[pair[1]]+`") { outcome } }`, nil, new(rawText))
		}
		got, said := imported(t, server, "number,customer\nO-1,C-1\nO-2,C-2\nO-3,C-3\nO-4,C-9\n", "entity: order\nkey: number\nfields:\n  customer: {column: customer, lookup: number}\n")
		if got.Created != 3 || got.Rejected != 1 || said != "line 5 is rejected: customer refers to the customer with number \"C-9\", which does not exist\n" {
			t.Fatalf("%+v\n%s", got, said)
		}
		var orders struct {
			Orders struct {
				Nodes []struct{ Number, Customer any }
			}
		}
		p.ask(`{ orders { nodes { number customer { number } } } }`, nil, &orders)
		for _, o := range orders.Orders.Nodes {
			if want := map[string]any{"number": "C-3"}; !cmp.Equal(o.Customer, any(want)) {
				t.Errorf("the order %v has the customer %v, want %v", o.Number, o.Customer, want)
			}
		}
	})
}

func TestARowMayReferToARowFurtherDown(t *testing.T) {
	t.Parallel()
	letter := regexp.MustCompile(`\b([A-FXY])\b`)
	stores(t, func(t *testing.T, flags ...string) {
		server, _ := contactServer(t, flags...)
		tests := map[string]struct {
			file, flags string
			want        string
			summary     importer.Summary
			said        string
		}{
			"further down, and above": {
				file: "key,head\nA,C\nB,A\nC,\nD,A\n", want: "A head C|B head A|C|D head A", summary: importer.Summary{Rows: 4, Created: 4},
			},
			"a chain from the bottom, in small batches": {
				file: "key,head\nA,B\nB,C\nC,D\nD,E\nE,\n", flags: "--batch=2", want: "A head B|B head C|C head D|D head E|E", summary: importer.Summary{Rows: 5, Created: 5},
			},
			"in a circle, and to itself": {
				file: "key,head\nA,B\nB,A\nC,C\nD,A\n", want: "A head B|B head A|C head C|D head A", summary: importer.Summary{Rows: 4, Created: 4},
			},
			"to a row that is rejected": {
				file: "key,head,score\nA,B,\nB,,x\nC,A,\nD,E,\nE,F,\n", want: "", summary: importer.Summary{Rows: 5, Rejected: 5},
				said: "line 3 is rejected: score must be a whole number, not x\n" +
					"line 2 is rejected: head refers to the contact with key \"B\", which does not exist\n" +
					"line 4 is rejected: head refers to the contact with key \"A\", which does not exist\n" +
					"line 5 is rejected: head refers to the contact with key \"E\", which does not exist\n" +
					"line 6 is rejected: head refers to the contact with key \"F\", which does not exist\n",
			},
			"by a name that two rows have": {
				file: "key,head,name\nA,X,\nB,,X\nC,,X\nD,Y,\nE,,Y\n", flags: "--batch=1 --name", want: "A head B|B name X|C name X|D head E|E name Y",
				summary: importer.Summary{Rows: 5, Created: 5},
			},
		}
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				for _, text := range []*string{&tt.file, &tt.want, &tt.said} {
					*text = letter.ReplaceAllString(*text, "${1}"+strconv.Itoa(len(name)))
				}
				mapping := "entity: contact\nkey: key\n"
				more, byName := strings.CutSuffix(tt.flags, " --name")
				if byName {
					mapping += "fields:\n  head: {column: head, lookup: name}\n"
				}
				dry, said := imported(t, server, tt.file, mapping, append(strings.Fields(more), "--dry-run")...)
				wantDry := tt.summary
				wantDry.DryRun = true
				if diff := cmp.Diff(wantDry, dry); diff != "" {
					t.Errorf("dry run: %s\n%s", diff, said)
				}
				got, said := imported(t, server, tt.file, mapping, strings.Fields(more)...)
				if diff := cmp.Diff(tt.summary, got); diff != "" {
					t.Errorf("%s\n%s", diff, said)
				}
				if diff := cmp.Diff(tt.said, said); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(tt.want, strings.Join(contactsOf(t, server, tt.file), "|")); diff != "" {
					t.Error(diff)
				}
				tt.summary.Unchanged, tt.summary.Created = tt.summary.Created, 0
				if byName {
					return // X is two by now
				}
				if got, said = imported(t, server, tt.file, mapping, strings.Fields(more)...); got != tt.summary {
					t.Errorf("the second time: %+v\n%s", got, said)
				}
			})
		}
	})
}
