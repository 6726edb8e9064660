package settings

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Problem is one reason why a configuration does not fit.
type Problem struct {
	Path    string // "escalation.to[2]"; "" for the configuration as a whole
	Message string // for people; completes "<path> ...": "is required"
}

// String is the problem as a sentence.
func (p Problem) String() string {
	if p.Path == "" {
		return "the configuration " + p.Message
	}
	return p.Path + " " + p.Message
}

// Check returns the configuration with its defaults filled in, in canonical
// form, or every problem that it has, sorted by path. An object that is missing
// is there if its members can do with their defaults. config is not changed; an
// empty schema takes the empty configuration only.
func Check(schema []byte, config map[string]any) (filled map[string]any, problems []Problem) {
	if len(schema) == 0 {
		schema = []byte(`{"additionalProperties": false}`)
	}
	compiled, err := Compile(schema)
	if err != nil {
		return nil, []Problem{{Message: fmt.Sprintf("cannot be checked, because the plugin describes it wrongly: %v", err)}}
	}
	filled, err = canonical(config)
	if err == nil {
		f := filler{left: maxDefaults}
		if f.fill(compiled, filled); f.left == 0 {
			return nil, []Problem{{Message: "cannot be checked, because the plugin describes it wrongly: its defaults go on without end"}}
		}
		filled, err = canonical(filled) // the defaults too
	}
	if err != nil {
		return nil, []Problem{{Message: fmt.Sprintf("cannot be read: %v", err)}}
	}
	var invalid *jsonschema.ValidationError
	if err := compiled.Validate(filled); !errors.As(err, &invalid) {
		return filled, nil
	}
	problems = explain(compiled, filled, invalid)
	slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	return nil, slices.CompactFunc(problems, func(a, b Problem) bool { return a.Path == b.Path })
}

// nowhere is where references lead that leave the schema: whoever checks may read
// files that its author may not.
type nowhere struct{}

// Load implements jsonschema.URLLoader.
func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s does not lie in the schema, and nothing else is read", url)
}

// Compile reads a schema. What lies outside it is not read, whatever it refers to.
func Compile(schema []byte) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nowhere{})
	if err := compiler.AddResource("urn:config", document); err != nil {
		return nil, err
	}
	return compiler.Compile("urn:config")
}

// canonical copies values by way of their canonical form.
func canonical(values map[string]any) (map[string]any, error) {
	encoded, err := pluginpb.Encode(values)
	if err != nil {
		return nil, err
	}
	return pluginpb.Decode(encoded)
}
