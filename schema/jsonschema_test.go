package schema_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func TestTheJSONSchemaIsCurrent(t *testing.T) {
	t.Parallel()
	const file = "entity.schema.json"
	if *update {
		if err := os.WriteFile(file, schema.JSONSchema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(schema.JSONSchema())); diff != "" {
		t.Errorf("%s is not what the types say; run go generate ./schema (-file +types):\n%s", file, diff)
	}
}

func compileJSONSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.JSONSchema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("entity.schema.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("entity.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func valid(t *testing.T, s *jsonschema.Schema, text string) error {
	t.Helper()
	var document any
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	return s.Validate(document)
}

func TestEditorsAcceptWhatIsShipped(t *testing.T) {
	t.Parallel()
	s := compileJSONSchema(t)
	for _, source := range entities.Sources() {
		if err := valid(t, s, string(source.Data)); err != nil {
			t.Errorf("%s: %v", source.File, err)
		}
	}
}

// TestEditorsAgreeWithTheLoader shows single definitions to both.
func TestEditorsAgreeWithTheLoader(t *testing.T) {
	t.Parallel()
	s := compileJSONSchema(t)
	tests := map[string]struct {
		yaml string
		ok   bool
	}{
		"an entity":                     {"entity: a\nfields: {x: {type: text}}", true},
		"a plain description":           {"entity: a\ndescription: What it is\nfields: {x: {type: text, labels: X}}", true},
		"a role":                        {"role: r\nof: party", true},
		"an extension":                  {"extend: party\nfields: {x: {type: text}}", true},
		"a list of options":             {"entity: a\nfields: {x: {type: enum, options: [a, b]}}", true},
		"options with an inverse":       {"entity: a\nfields: {x: {type: enum, options: {a: {en: A, inverse: {en: B}}}}}", true},
		"a list of objects":             {"entity: a\nfields: {x: {type: list, of: {type: object, fields: {y: {type: decimal, min: 0}}}}}", true},
		"an index":                      {"entity: a\nfields: {x: {type: text}}\nindexes: [[-x]]", true},
		"unknown key":                   {"entity: a\nplurral: as\nfields: {x: {type: text}}", false},
		"no fields":                     {"entity: a", false},
		"a role of nothing":             {"role: r", false},
		"an extension of a label":       {"extend: party\nplural: people", false},
		"two things":                    {"entity: a\nrole: r\nof: party\nfields: {x: {type: text}}", false},
		"unknown type":                  {"entity: a\nfields: {x: {type: string}}", false},
		"no type":                       {"entity: a\nfields: {x: {labels: {en: X}}}", false},
		"an option of another type":     {"entity: a\nfields: {x: {type: text, currency: EUR}}", false},
		"an enum without options":       {"entity: a\nfields: {x: {type: enum}}", false},
		"an option with a space":        {"entity: a\nfields: {x: {type: enum, options: [in work]}}", false},
		"the same option twice":         {"entity: a\nfields: {x: {type: enum, options: [a, a]}}", false},
		"a reference to nothing":        {"entity: a\nfields: {x: {type: reference}}", false},
		"a list of nothing":             {"entity: a\nfields: {x: {type: list}}", false},
		"an object without fields":      {"entity: a\nfields: {x: {type: object}}", false},
		"an autonumber without pattern": {"entity: a\nfields: {x: {type: autonumber}}", false},
		"a name with a capital":         {"entity: A\nfields: {x: {type: text}}", false},
		"a reserved field":              {"entity: a\nfields: {and: {type: text}}", false},
		"a language that is none":       {"entity: a\ndescription: {english: A}\nfields: {x: {type: text}}", false},
		"a wrong filterable":            {"entity: a\nfilterable: some\nfields: {x: {type: text}}", false},
		"half a minimum":                {"entity: a\nfields: {x: {type: integer, min: 0.5}}", false},
	}
	base := schema.Source{File: "party.yaml", Data: []byte("entity: party\nplural: parties\nfields: {name: {type: text}}")}
	for name, tt := range tests {
		_, loaded := schema.Load(base, schema.Source{File: "a.yaml", Data: []byte(tt.yaml)})
		edited := valid(t, s, tt.yaml)
		if (loaded == nil) != tt.ok || (edited == nil) != tt.ok {
			t.Errorf("%s: fits for the loader: %v, for the editor: %v; want %v for both\n%v\n%v", name, loaded == nil, edited == nil, tt.ok, loaded, edited)
		}
	}
}

func TestNeededOptions(t *testing.T) {
	t.Parallel()
	var got []string
	for _, kind := range schema.Types() {
		if option := schema.NeededOption(kind); option != "" {
			got = append(got, kind.Name()+": "+option)
		}
	}
	want := "enum: options, state: options, reference: to, list: of, object: fields, autonumber: format"
	if strings.Join(got, ", ") != want {
		t.Errorf("needed options = %s, want %s", strings.Join(got, ", "), want)
	}
}
