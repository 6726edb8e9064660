package schema

import (
	"fmt"
	"strings"
	"unicode"
)

// phoneParts are the paths below a phone number that can be filtered.
var phoneParts = Fields{
	{Name: "raw", Type: "text", System: true, Index: true},
	{Name: "e164", Type: "text", System: true, Index: true},
	{Name: "extension", Type: "text", System: true},
}

type phoneType struct{ plain }

func (phoneType) Name() string { return "phone" }
func (phoneType) Doc() string {
	return "A phone number as it was typed (raw) and, where it is surely meant, in E.164 (e164), with its extension."
}
func (phoneType) Options() []string { return []string{"regionFrom"} }
func (phoneType) Operators() []Op   { return []Op{OpMatches, OpIsNull} }
func (phoneType) Compare(a, b any) int {
	x, _ := a.(map[string]any)
	y, _ := b.(map[string]any)
	return plain{}.Compare(x["e164"], y["e164"])
}

func (phoneType) Parse(f *Field, raw any, s Scope) (any, error) {
	typed, ok := raw.(string)
	if m, isObject := raw.(map[string]any); isObject {
		for key := range m {
			if key != "raw" && key != "e164" && key != "extension" {
				return nil, unfit(key, "must have raw only")
			}
		}
		typed, ok = m["raw"].(string)
	}
	typed, err := normal(typed)
	if err != nil {
		return nil, err
	}
	if !ok || typed == "" || len(typed) > 64 || !strings.ContainsFunc(typed, unicode.IsDigit) {
		return nil, mustBe("a phone number such as +49 30 1234567", raw)
	}
	region := s.Region
	if own, ok := s.Siblings[f.RegionFrom].(string); ok && own != "" {
		region = strings.ToUpper(strings.TrimSpace(own)) // it may not be canonical yet
	}
	if was, isNumber := Lookup(raw, "e164").(string); s.Stored && isNumber {
		region = regionOf(was) // a number that was surely meant stays what it is, whatever country is set by now
	}
	value := map[string]any{"raw": typed}
	e164, extension := readPhone(typed, region)
	if e164 != "" {
		value["e164"] = e164
	}
	if extension != "" {
		value["extension"] = extension
	}
	return value, nil
}

// Lint cannot see the fields beside the phone; lintFields checks regionFrom.
func (phoneType) Lint(*Field) []string { return nil }

func lintRegion(f *Field, beside Fields) string {
	if f.Type != "phone" || f.RegionFrom == "" {
		return ""
	}
	for _, b := range beside {
		if b.Name == f.RegionFrom && b.Type == "country" {
			return ""
		}
	}
	return fmt.Sprintf("regionFrom %q is no country field beside it", f.RegionFrom)
}
