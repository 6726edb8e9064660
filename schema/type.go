package schema

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// Type is what a field's values look like. There is one file for each.
//
// Parse turns what a caller sent into the canonical form (see Canonical
// values in README.md), or returns an error whose text completes "<field> …",
// such as "must be one of open, closed, not paused". Parse of a canonical
// value returns it unchanged.
type Type interface {
	Name() string
	Doc() string       // one line for the reference and the JSON Schema
	Options() []string // the field options that it understands beyond the general ones
	Lint(f *Field) []string
	Parse(f *Field, raw any, s Scope) (any, error)
	Compare(a, b any) int // of two canonical values; 0 for types without an order
	Operators() []Op
}

// Scope is what a value may depend on besides itself.
type Scope struct {
	Siblings map[string]any // the raw values of the object that the value belongs to
	Region   string         // the country (ISO 3166) whose national phone numbers are understood
	Compared bool           // it is not stored but compared with what is, which may be older than a rule
	Stored   bool           // it lies there, maybe in an older form
}

// Types lists every field type, in the order of the reference.
func Types() []Type {
	return []Type{
		textType{}, integerType{}, decimalType{}, moneyType{}, booleanType{}, dateType{}, datetimeType{}, enumType{}, stateType{},
		emailType{}, phoneType{}, urlType{}, countryType{}, languageType{}, referenceType{}, listType{}, objectType{}, autonumberType{}, fileType{},
	}
}

var types = func() map[string]Type {
	byName := map[string]Type{}
	for _, t := range Types() {
		byName[t.Name()] = t
	}
	return byName
}()

func typeByName(name string) Type { return types[name] }

// synonyms are what people call our types elsewhere.
var synonyms = map[string]string{
	"string": "text", "varchar": "text", "int": "integer", "bigint": "integer", "number": "decimal", "numeric": "decimal", "float": "decimal", "double": "decimal",
	"currency": "money", "amount": "money", "bool": "boolean", "day": "date", "timestamp": "datetime", "instant": "datetime", "time": "datetime",
	"select": "enum", "choice": "enum", "status": "state", "workflow": "state", "telephone": "phone", "link": "url", "locale": "language", "ref": "reference", "relation": "reference",
	"attachment": "file", "document": "file", "upload": "file", "blob": "file", "binary": "file", "array": "list", "struct": "object", "group": "object", "sequence": "autonumber", "serial": "autonumber",
}

// suggestType completes a message about an unknown type.
func suggestType(name string) string {
	var words []string
	for _, t := range Types() {
		words = append(words, t.Name())
	}
	words = append(words, slices.Sorted(maps.Keys(synonyms))...)
	word := strictyaml.Nearest(name, words, max(1, len(name)/3))
	if ours, ok := synonyms[word]; ok {
		word = ours
	}
	if word == "" {
		return "; the types are " + strings.Join(words[:len(types)], ", ")
	}
	return fmt.Sprintf("; did you mean %q?", word)
}

// plain is embedded by types that have no options, nothing to lint and the
// order and operators of a text.
type plain struct{}

func (plain) Options() []string    { return nil }
func (plain) Lint(*Field) []string { return nil }
func (plain) Operators() []Op      { return textOps }
func (plain) Compare(a, b any) int {
	x, _ := a.(string)
	y, _ := b.(string)
	return strings.Compare(x, y)
}

// mismatch is why a value does not fit, with the value and without.
type mismatch struct{ text, unquoted string }

// Error quotes the value.
func (m mismatch) Error() string { return m.text }

// unfit is the error of a value for which a rule does not hold: "must be at most 10,
// not 77".
func unfit(raw any, rule string, args ...any) error {
	rule = fmt.Sprintf(rule, args...)
	return mismatch{rule + ", not " + show(raw), rule}
}

// mustBe is unfit for what is no value of the type: "must be a date, not x".
func mustBe(what string, raw any) error { return unfit(raw, "must be %s", what) }

// show prints a value in a message, cut when long.
func show(raw any) string {
	var s string
	switch v := raw.(type) {
	case nil:
		s = "null"
	case string:
		if s = v; v == "" {
			s = `""`
		}
	case map[string]any:
		s = "an object"
	case []any:
		s = "a list"
	default:
		s = fmt.Sprint(v)
	}
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return s
}
