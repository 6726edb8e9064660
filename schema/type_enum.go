package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

type enumType struct{ plain }

func (enumType) Name() string { return "enum" }
func (enumType) Doc() string {
	return "One of the options. They appear in the API as they are written here."
}
func (enumType) Options() []string { return []string{"options"} }
func (enumType) Operators() []Op   { return []Op{OpEq, OpNe, OpIn, OpNotIn, OpIsNull} }

// enumValue is what GraphQL allows as the name of an enum value.
var enumValue = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (enumType) Lint(f *Field) []string {
	if len(f.Options) == 0 {
		return []string{"an enum needs options, for example options: [open, closed]"}
	}
	var faults []string
	seen := map[string]bool{}
	for _, o := range f.Options {
		switch {
		case !enumValue.MatchString(o.Value) || slices.Contains([]string{"true", "false", "null"}, o.Value):
			faults = append(faults, fmt.Sprintf("option %q must be a word of letters, digits and _, and not true, false or null", o.Value))
		case seen[o.Value]:
			faults = append(faults, fmt.Sprintf("option %q stands twice", o.Value))
		}
		seen[o.Value] = true
	}
	return faults
}

func (enumType) Parse(f *Field, raw any, _ Scope) (any, error) {
	values := f.Options.Values()
	s, ok := raw.(string)
	if !ok || !slices.Contains(values, s) {
		return nil, mustBe("one of "+strings.Join(values, ", "), raw)
	}
	return s, nil
}
