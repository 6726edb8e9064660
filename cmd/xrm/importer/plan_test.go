package importer

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMistakesInAMapAreToldAllAtOnceBeforeAnythingIsSent(t *testing.T) {
	tests := map[string]struct {
		mapping, header, want string
	}{
		"columns and fields that do not exist": {
			mapping: "entity: customer\nkey: nummer\nfields:\n  number: customerId\n  contry: country\n  shipTo.city: city\n  displayName: {text: \"{nme}\"}\n",
			header:  "customerID,country,city,name",
			want: `map.yaml: key: customer has no field "nummer"; did you mean "number"?
map.yaml:4: number: the file has no column "customerId"; did you mean "customerID"?
map.yaml:5: contry: customer has no field "contry"; did you mean "country"?
map.yaml:6: shipTo.city: customer has no field "shipTo"
map.yaml:7: displayName: the file has no column "nme"; did you mean "name"?`,
		},
		"keys that are not unique": {
			mapping: "entity: customer\nkey: note\n",
			header:  "note",
			want:    "map.yaml: key: the server finds no customer by note, which is neither unique nor indexed, or not one text or number; unique are externalId, number",
		},
		"a key without a column": {
			mapping: "entity: customer\nkey: number\n",
			header:  "display name",
			want:    "map.yaml: key: no column fills number",
		},
		"sources that contradict themselves": {
			mapping: "entity: customer\nfields:\n  number: {column: a, constant: b}\n  displayName: {}\n  city: {text: Berlin}\n  street: {column: a, pattern: \"(\"}\n" +
				"  email: {column: a, otherwise: ignore}\n  website: {column: a, otherwise: keep}\n  note: {column: a, split: \",\"}\n  tags: {column: a, split: \",\", part: first}\n" +
				"  region: {column: a, part: first}\n  language: {column: a, split: x, part: third}\n  country: {column: a, lookup: id}\n  customerSince: {column: a, dates: MM/YY}\n  birthDate: {column: a, timeZone: Berlin}\n",
			header: "a",
			want: `map.yaml:3: number: needs one of column, join, text, constant and firstOf
map.yaml:4: displayName: needs one of column, join, text, constant and firstOf
map.yaml:5: city: the text "Berlin" names no column in braces; a text for every row is a constant
map.yaml:6: street: pattern "(" is no regular expression: error parsing regexp: missing closing ): ` + "`(`" + `
map.yaml:7: email: otherwise must be reject, skip or keep, not "ignore"
map.yaml:8: website: otherwise: keep is for a text that pattern or values do not know
map.yaml:9: note: split makes several texts; say with part which one to take
map.yaml:10: tags: tags is a list; leave part out to take all values, or name one item: tags[0]
map.yaml:11: region: part needs split: the separator
map.yaml:12: language: part must be first, last or a number from 1, not "third"
map.yaml:13: country: lookup is for references, and country is of type country
map.yaml:14: customerSince: "MM/YY" is no form of dates such as DD.MM.YYYY hh:mm; it needs YYYY, MM and DD
map.yaml:15: birthDate: timeZone "Berlin" is not known; write it like Europe/Berlin`,
		},
		"paths that lead nowhere": {
			mapping: "entity: order\nfields:\n  shipTo: a\n  lines: a\n  \"number[1]\": a\n  \"a b\": a\n  freight.sum: a\n  state.name: a\n",
			header:  "a",
			want: `map.yaml:3: shipTo: shipTo is an object; name one of its fields, for example shipTo.name
map.yaml:4: lines: lines is an object; name one of its fields, for example lines.position
map.yaml:5: number[1]: number is no list
map.yaml:6: a b: "a b" is no path of a field such as shipTo.city or addresses[0].city
map.yaml:7: freight.sum: freight has no field "sum"
map.yaml:8: state.name: state has no field "name"`,
		},
		"lookups": {
			mapping: "entity: order\nfields:\n  customer: {column: a, lookup: nummer}\n  carrier: {column: a, lookup: note}\n  contact: {column: a, lookup: persn.number}\n",
			header:  "a",
			want: `map.yaml:3: customer: lookup: customer has no field "nummer"; did you mean "number"?
map.yaml:4: carrier: lookup: the server finds no partner by note, which is neither unique nor indexed, or not one text or number
map.yaml:5: contact: the server has no entity "persn"`,
		},
		"numbers, years and forms of dates": {
			mapping: "entity: customer\ndecimal: \".\"\nthousands: \".\"\nyearsFrom: 19690\ndates: [DD.MM.YYYY, D MMM YYYY h:mm a]\nfields:\n  customerSince: a\n",
			header:  "a",
			want: `map.yaml: decimal and thousands are both "."; no number could be told from a thousand times it
map.yaml: yearsFrom must be a year such as 1969, not 19690
map.yaml:7: customerSince: dates: "D MMM YYYY h:mm a" has the part "a", which is not known; known are YYYY YY MMMM MMM MM M DD D hh h mm ss SSS A Z, and text stands in single quotes`,
		},
		"thousands as in 1.234,50, and no decimal": {
			mapping: "entity: customer\nthousands: \".\"\n", header: "number",
			want: `map.yaml: thousands is ".", and decimal is a point where the map does not say it; add decimal: "," if 1.234,50 is meant`,
		},
		"the same header twice": {
			mapping: "entity: customer\nfields: {city: Ort, street: Ort#3, region: \"x#1\", note: Ort#2}\n", header: "Ort,Ort,Name,Name,x",
			want: `map.yaml: columns 3 and 4 are all called "Name"; say in the map which one is meant: Name#1 is the first, Name#2 the last; or list it under ignore:
map.yaml:2: city: columns 1 and 2 are all called "Ort"; say in the map which one is meant: Ort#1 is the first, Ort#2 the last
map.yaml:2: street: 2 of the file's columns are called "Ort", so that there is no Ort#3`,
		},
		"the first of several": {
			mapping: "entity: customer\nfields:\n  city: {firstOf: [a, {column: b, lookup: number}]}\n  street: {firstOf: [a, gone]}\n  region: {firstOf: [{column: a, split: x}]}\n  note: {firstOf: []}\n", header: "a,b",
			want: `map.yaml:3: city: firstOf, number 2: lookup, dates, yearsFrom, past, timeZone and currency belong beside firstOf
map.yaml:4: street: firstOf, number 2: the file has no column "gone"
map.yaml:5: region: firstOf, number 1: split makes several texts; say with part which one to take
map.yaml:6: note: needs one of column, join, text, constant and firstOf`,
		},
		"a header in no line": {
			mapping: "entity: customer\ncsv: {headerLine: 7}\n", header: "x",
			want: `rows.csv: the file has 2 lines, so that line 7 cannot be its header`,
		},
		"groups": {
			mapping: "entity: order\ngroup: line\nfields: {number: a}\n", header: "a",
			want: "map.yaml: group: order has no field \"line\"; did you mean \"lines\"?\nmap.yaml: group needs key: the field by which rows of one record belong together",
		},
		"a group of what is no list": {
			mapping: "entity: order\nkey: number\ngroup: shipTo\nfields: {number: a}\n", header: "a",
			want: "map.yaml: group: shipTo is no list of objects",
		},
		"words that are not known": {
			mapping: "entity: customer\nempty: delete\n", header: "display name",
			want: `map.yaml: empty must be leave or clear, not "delete"`,
		},
		"no field at all": {
			mapping: "entity: customer\n", header: "x,y",
			want: "rows.csv (x, y) is a field of customer, and the map fills none; say under fields: which is which",
		},
		"an encoding": {
			mapping: "entity: customer\ncsv: {encoding: cp437}\n", header: "x",
			want: `rows.csv: csv: encoding must be utf-8, windows-1252 or iso-8859-1, not "cp437"`,
		},
		"a separator": {
			mapping: "entity: customer\ncsv: {separator: \"::\"}\n", header: "x",
			want: `rows.csv: csv: separator must be one character or tab, not "::"`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			i := &importing{mapping: tt.mapping, file: tt.header + "\n1,2,3,4\n"}
			_, err := i.run(t, s)
			if err == nil {
				t.Fatal("no mistake was found")
			}
			got := err.Error()
			if at := strings.Index(got, "rows.csv"); at >= 0 {
				got = got[at:]
			}
			if diff := cmp.Diff(strings.Split(tt.want, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Error(diff)
			}
			for _, request := range s.requests {
				if request == "Import" {
					t.Error("something was sent")
				}
			}
		})
	}
}

func TestAColumnThatFindsNoFieldIsNamed(t *testing.T) {
	s := newFakeServer(t)
	i := &importing{
		mapping: "entity: customer\nfields: {city: Ort}\nignore: [Foto, gone]\n",
		file:    "displayName,Ort,City,emial,Foto,,rejected line,rejected because\nAnn,Ulm,Bonn,x,y,z,1,old\n",
	}
	i.mustRun(t, s)
	want := []string{
		`column "City" is not imported: city is already filled by another column; the map can say where it goes, or list it under ignore:`,
		`column "emial" is not imported: customer has no field of that name; did you mean "email"; the map can say where it goes, or list it under ignore:`,
	}
	if diff := cmp.Diff(want, i.notes); diff != "" {
		t.Error(diff)
	}
}

func TestASameHeaderTwiceIsFineUnlessItIsMeant(t *testing.T) {
	tests := map[string]struct {
		mapping, header string
		want            []string
		city            any
	}{
		"ignored":          {"entity: customer\nkey: number\nignore: [city]\n", "number,kind,displayName,city,city", nil, nil},
		"no field of ours": {"entity: customer\nkey: number\n", "number,kind,displayName,tag,tag", []string{`column "tag" is not imported: customer has no field of that name; did you mean "tags"; the map can say where it goes, or list it under ignore:`}, nil},
		"without a name":   {"entity: customer\nkey: number\n", "number,kind,displayName,,", nil, nil},
		"the second":       {"entity: customer\nkey: number\nfields: {city: city#2}\nignore: [city#1]\n", "number,kind,displayName,city,city", nil, "Bonn"},
		"the other stays":  {"entity: customer\nkey: number\nfields: {city: city#2}\n", "number,kind,displayName,city,city", []string{`column "city" is not imported: city is already filled by another column; the map can say where it goes, or list it under ignore:`}, "Bonn"},
		"a # of the file":  {"entity: customer\nkey: number\nfields: {city: 'city#2'}\n", "number,kind,displayName,city#2,x", []string{`column "x" is not imported: customer has no field of that name; the map can say where it goes, or list it under ignore:`}, "Ulm"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newFakeServer(t)
			i := &importing{mapping: tt.mapping, file: tt.header + "\n1,person,Ann,Ulm,Bonn\n"}
			if got := i.mustRun(t, s); got.Created != 1 {
				t.Errorf("%+v %v", got, i.reasons)
			}
			if diff := cmp.Diff(tt.want, i.notes); diff != "" {
				t.Error(diff)
			}
			if got := s.records["customer"][0]["city"]; got != tt.city {
				t.Errorf("city %v, want %v", got, tt.city)
			}
		})
	}
}

func TestAFileWithoutAMapIsNamedInWhatIsWrong(t *testing.T) {
	tests := map[string]struct {
		key, header, want string
	}{
		"no field at all": {
			header: "x,y", want: "rows.csv: none of its columns (x, y) is a field of customer; say in a map which is which (--map)",
		},
		"a key without a column": {key: "number", header: "display name", want: "rows.csv: key: no column fills number"},
		"a key that is no field": {
			key: "nummer", header: "display name", want: `rows.csv: key: customer has no field "nummer"; did you mean "number"?`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i := &importing{entity: "customer", key: tt.key, file: tt.header + "\n1,2\n"}
			_, err := i.run(t, newFakeServer(t))
			if want := i.dir + string(filepath.Separator) + tt.want; err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestEntityAndMapMustAgree(t *testing.T) {
	i := &importing{entity: "customer", mapping: "entity: supplier\n", file: "name\nx\n"}
	if _, err := i.run(t, newFakeServer(t)); err == nil || err.Error() != "map.yaml is a map for supplier, but --entity says customer" {
		t.Errorf("got %v", err)
	}
}
