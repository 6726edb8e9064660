package schema

import (
	"strings"

	"golang.org/x/text/language"
)

type countryType struct{ plain }

func (countryType) Name() string { return "country" }
func (countryType) Doc() string {
	return "A country by its two letters (ISO 3166-1 alpha-2), such as DE."
}

const aCountry = "a country by its two letters such as DE"

func (countryType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	s, _ := raw.(string)
	s = strings.ToUpper(strings.TrimSpace(s))
	region, err := language.ParseRegion(s)
	if err != nil || !region.IsCountry() || len(s) != 2 {
		return nil, mustBe(aCountry, raw)
	}
	if standard := region.Canonicalize().String(); standard != s { // UK is in use, but GB is the code
		return nil, mismatch{mustBe(standard, raw).Error(), "must be " + aCountry} // the code that is right would tell the wrong one
	}
	return s, nil
}
