package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk/contract/settings"
)

const service = `{
	"$schema": "https://json-schema.org/draft/2020-12/schema",
	"type": "object",
	"properties": {
		"sla": {"type": "string", "default": "48h", "pattern": "^[0-9]+h$", "examples": ["48h", "12h"]},
		"code": {"type": "string", "pattern": "^[A-Z]+$", "default": "A"},
		"tone": {"type": "string", "enum": ["kind", "strict"], "default": "kind"},
		"most": {"type": "integer", "minimum": 1, "maximum": 9, "default": 5},
		"region": {"type": "string", "minLength": 2},
		"escalation": {"$ref": "#/$defs/escalation"},
		"mail": {"type": "object", "properties": {"from": {"type": "string"}}, "required": ["from"], "additionalProperties": false},
		"steps": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/escalation"}}
	},
	"required": ["region"],
	"additionalProperties": false,
	"$defs": {"escalation": {
		"type": "object",
		"properties": {"after": {"type": "integer", "default": 3}, "urgent": {"type": "boolean", "default": false}},
		"required": ["after"],
		"additionalProperties": false
	}}
}`

type object = map[string]any

func TestDefaultsAreFilledInWhereNothingIsSaid(t *testing.T) {
	given := object{"region": "DE", "most": 7, "steps": []object{{"after": 1}, {}}}
	got, problems := settings.Check([]byte(service), given)
	want := object{
		"region": "DE", "most": int64(7), "sla": "48h", "tone": "kind", "code": "A",
		"escalation": object{"after": int64(3), "urgent": false},
		"steps":      []any{object{"after": int64(1), "urgent": false}, object{"after": int64(3), "urgent": false}},
	}
	if diff := cmp.Diff(want, got); diff != "" || problems != nil {
		t.Errorf("problems %v; configuration (-want +got):\n%s", problems, diff)
	}
	if diff := cmp.Diff(object{"region": "DE", "most": 7, "steps": []object{{"after": 1}, {}}}, given); diff != "" {
		t.Errorf("the configuration that was given has changed (-want +got):\n%s", diff)
	}
}

func TestEveryProblemIsToldByItsPath(t *testing.T) {
	tests := map[string]struct {
		config object
		want   []string
	}{
		"something is missing":    {object{}, []string{`region is required`}},
		"an unknown key":          {object{"region": "DE", "slaa": "1h"}, []string{`slaa is no setting; did you mean "sla"?`}},
		"one like no other":       {object{"region": "DE", "hue": "red"}, []string{`hue is no setting`}},
		"a text where none goes":  {object{"region": "DE", "most": "many"}, []string{`most must be a whole number, not "many"`}},
		"a fraction":              {object{"region": "DE", "most": 1.5}, []string{`most must be a whole number, not 1.5`}},
		"a list where none goes":  {object{"region": []string{"DE"}}, []string{`region must be a text, not ["DE"]`}},
		"not among the options":   {object{"region": "DE", "tone": "rude"}, []string{`tone must be one of kind, strict, not "rude"`}},
		"a pattern with examples": {object{"region": "DE", "sla": "two days"}, []string{`sla must look like 48h or 12h, not "two days"`}},
		"a pattern alone":         {object{"region": "DE", "code": "a"}, []string{`code must match ^[A-Z]+$, not "a"`}},
		"too small, too short":    {object{"region": "D", "most": 0}, []string{`most must be at least 1, not 0`, `region must have at least 2 characters, not 1`}},
		"too large, too many":     {object{"region": "DE", "most": 10, "steps": []any{object{}, object{}, object{}}}, []string{`most must be at most 9, not 10`, `steps must have at most 2 items, not 3`}},
		"inside an object":        {object{"region": "DE", "mail": object{}}, []string{`mail.from is required`}},
		"inside a list": {
			object{"region": "DE", "steps": []any{object{"after": 1}, object{"urgent": "yes", "afetr": 2}}},
			[]string{`steps[1].afetr is no setting; did you mean "after"?`, `steps[1].urgent must be true or false, not "yes"`},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			filled, problems := settings.Check([]byte(service), tt.config)
			var got []string
			for _, p := range problems {
				got = append(got, p.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || filled != nil {
				t.Errorf("configuration %v; problems (-want +got):\n%s", filled, diff)
			}
		})
	}
}

func TestWithoutASchemaThereIsNothingToSet(t *testing.T) {
	if filled, problems := settings.Check(nil, nil); len(filled) != 0 || problems != nil {
		t.Errorf("Check = %v, %v; want an empty configuration", filled, problems)
	}
	if _, problems := settings.Check(nil, object{"sla": "1h"}); len(problems) != 1 || problems[0].String() != "sla is no setting" {
		t.Errorf("problems %v, want that sla is no setting", problems)
	}
}

func TestABrokenSchemaIsTheMistakeOfThePlugin(t *testing.T) {
	for _, schema := range []string{`{`, `{"type": "text"}`} {
		_, problems := settings.Check([]byte(schema), nil)
		if len(problems) != 1 || !strings.HasPrefix(problems[0].String(), "the configuration cannot be checked, because the plugin describes it wrongly: ") {
			t.Errorf("%s: problems %v", schema, problems)
		}
	}
}

// A schema is a plugin's, and whoever checks with it is not in its sandbox.
func TestASchemaReadsNoFilesAndEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "other.json")
	if err := os.WriteFile(file, []byte(`{"default": "not for plugins"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const wrongly = "the configuration cannot be checked, because the plugin describes it wrongly: "
	for name, tt := range map[string]struct{ schema, want string }{
		"a file": {
			`{"properties": {"x": {"$ref": "file://` + file + `"}}}`,
			wrongly + `failing loading "file://` + file + `": file://` + file + " does not lie in the schema, and nothing else is read",
		},
		"members of members without end": {
			`{"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}}}}}`,
			wrongly + "its defaults go on without end",
		},
		"references in a circle": {
			`{"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}`,
			"causing reference cycle",
		},
	} {
		_, problems := settings.Check([]byte(tt.schema), map[string]any{})
		if len(problems) != 1 || !strings.HasSuffix(problems[0].String(), tt.want) {
			t.Errorf("%s: %v, want %s", name, problems, tt.want)
		}
	}
}
