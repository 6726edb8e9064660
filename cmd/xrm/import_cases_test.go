package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
