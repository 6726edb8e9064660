package schema

import "strings"

type referenceType struct{ plain }

func (referenceType) Name() string { return "reference" }
func (referenceType) Doc() string {
	return "Another record, by its id. The record must exist when the reference is set."
}
func (referenceType) Options() []string { return []string{"to", "inverse"} }
func (referenceType) Operators() []Op   { return []Op{OpEq, OpNe, OpIn, OpNotIn, OpIsNull} }

func (referenceType) Lint(f *Field) []string {
	if f.To == "" {
		return []string{"a reference needs to: the name of an entity or role"}
	}
	return nil
}

func article(noun string) string {
	if noun != "" && strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func (referenceType) Parse(f *Field, raw any, _ Scope) (any, error) {
	s, ok := raw.(string)
	if s = strings.TrimSpace(s); !ok || s == "" || len(s) > 64 {
		return nil, mustBe("the id of "+article(f.To), raw)
	}
	return s, nil
}
