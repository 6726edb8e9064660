package settings

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// explain turns the leaves of a validation error into problems.
func explain(root *jsonschema.Schema, config any, e *jsonschema.ValidationError) []Problem {
	if len(e.Causes) > 0 {
		var problems []Problem
		for _, cause := range e.Causes {
			problems = append(problems, explain(root, config, cause)...)
		}
		return problems
	}
	s, value := find(root, config, e.InstanceLocation)
	at := path(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		return each(at, k.Missing, func(string) string { return "is required" })
	case *kind.AdditionalProperties:
		known := slices.Collect(maps.Keys(s.Properties))
		slices.Sort(known)
		return each(at, k.Properties, func(name string) string { return "is no setting" + strictyaml.Suggest(name, known) })
	}
	return []Problem{{at, said(s, value, e.ErrorKind)}}
}

func each(at string, names []string, say func(name string) string) []Problem {
	var problems []Problem
	for _, name := range names {
		problems = append(problems, Problem{strings.TrimPrefix(at+"."+name, "."), say(name)})
	}
	return problems
}

// said is what is wrong with a value.
func said(s *jsonschema.Schema, value any, why jsonschema.ErrorKind) string {
	switch k := why.(type) {
	case *kind.Type:
		return "must be " + alternatives(k.Want, typeName) + not(value)
	case *kind.Enum:
		return "must be one of " + strings.Join(texts(k.Want), ", ") + not(value)
	case *kind.Pattern:
		if len(s.Examples) > 0 {
			return "must look like " + alternatives(texts(s.Examples), strings.TrimSpace) + not(value)
		}
		return "must match " + k.Want + not(value)
	case *kind.Minimum:
		return "must be at least " + k.Want.RatString() + not(value)
	case *kind.Maximum:
		return "must be at most " + k.Want.RatString() + not(value)
	case *kind.ExclusiveMinimum:
		return "must be more than " + k.Want.RatString() + not(value)
	case *kind.ExclusiveMaximum:
		return "must be less than " + k.Want.RatString() + not(value)
	case *kind.MinLength:
		return fmt.Sprintf("must have at least %d characters, not %d", k.Want, k.Got)
	case *kind.MaxLength:
		return fmt.Sprintf("must have at most %d characters, not %d", k.Want, k.Got)
	case *kind.MinItems:
		return fmt.Sprintf("must have at least %d items, not %d", k.Want, k.Got)
	case *kind.MaxItems:
		return fmt.Sprintf("must have at most %d items, not %d", k.Want, k.Got)
	}
	return "does not fit: " + why.LocalizedString(message.NewPrinter(language.English))
}

var typeNames = map[string]string{
	"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
	"array": "a list", "object": "a mapping", "null": "null",
}

func typeName(name string) string { return typeNames[name] }

func alternatives(words []string, say func(string) string) string {
	said := make([]string, len(words))
	for i, word := range words {
		said[i] = say(word)
	}
	return strings.Join(said, " or ")
}

func texts(values []any) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = fmt.Sprint(value)
	}
	return list
}

// not names the value that was given instead.
func not(value any) string {
	encoded, err := pluginpb.EncodeAny(value)
	if err != nil || len(encoded) > 100 {
		return ""
	}
	return ", not " + string(encoded)
}

// find returns what lies at a location, and the schema that describes it, as
// far as that is known.
func find(s *jsonschema.Schema, value any, location []string) (*jsonschema.Schema, any) {
	for _, step := range location {
		s = resolved(s)
		var inner *jsonschema.Schema
		switch v := value.(type) {
		case map[string]any:
			inner, value = s.Properties[step], v[step]
		case []any:
			i, _ := strconv.Atoi(step)
			inner, value = s.Items2020, v[i]
		}
		if s = inner; s == nil {
			s = &jsonschema.Schema{}
		}
	}
	return resolved(s), value
}

// path writes a location as the admin would: "escalation.to[2]".
func path(location []string) string {
	var b strings.Builder
	for _, step := range location {
		if _, err := strconv.Atoi(step); err == nil {
			b.WriteString("[" + step + "]")
		} else {
			b.WriteString("." + step)
		}
	}
	return strings.TrimPrefix(b.String(), ".")
}
