package schema

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// OpMatches asks whether a phone number is the one that is given, in whatever spelling,
// or the number of a company of which that one is a line. It is written in filters
// only: ParseFilter makes comparisons of the parts of it, which an index serves.
const OpMatches Op = "matches"

// In returns the model for numbers and the like that a filter names without their
// country: region is the country (ISO 3166) whose national phone numbers are meant.
func (m *Model) In(region string) *Model {
	here := *m
	here.region = region
	return &here
}

// phoneMatch selects by a number as somebody typed it, or as a telephone system tells it.
func (p *filterParser) phoneMatch(f *Field, path string, raw any, at string) Filter {
	if raw == nil {
		p.add(at, "type", "must not be null; to select missing values write {isNull: true}")
		return Filter{}
	}
	value, err := phoneType{}.Parse(&Field{Type: "phone"}, raw, Scope{Compared: true, Region: p.model.region})
	if err != nil {
		p.add(at, "type", err.Error())
		return Filter{}
	}
	part := func(name string, op Op, operand any) Filter {
		return Filter{Path: strings.TrimPrefix(path+"."+name, "."), Op: op, Value: operand, Field: f.Sub(name)}
	}
	typed, _ := Lookup(value, "raw").(string)
	own, heads := phoneLines(value, p.model.region)
	if len(own) == 0 {
		return part("raw", OpEq, typed) // such as an internal number
	}
	if len(heads) == 0 {
		return part("e164", OpIn, own)
	}
	return All(part("e164", OpIn, append(append([]any{}, own...), heads...)),
		Any(part("e164", OpIn, own), part("raw", OpEndsWith, headEnd)))
}

// headEnd is how the number of a company's exchange ends where it is written as one of
// its lines: +49 30 1234567-0.
const headEnd = "-0"

// phoneLines lists the numbers under which a phone number may be stored: own are the
// number itself, with and without its extension, and what it begins with where that is
// the number of a company; heads are those of exchanges that end in 0, if they were
// typed that way.
func phoneLines(value any, region string) (own, heads []any) {
	typed, _ := Lookup(value, "raw").(string)
	e164, _ := Lookup(value, "e164").(string)
	extension, _ := Lookup(value, "extension").(string)
	line := e164
	if line == "" {
		if line = beyondPlan(typed, region); line == "" {
			return nil, nil
		}
	} else {
		own = append(own, e164)
	}
	if extension != "" {
		line += extension
		own = append(own, line)
	}
	heads = append(heads, line+"0")
	for head := line[:len(line)-1]; len(head) > 4; head = head[:len(head)-1] {
		heads = append(heads, head+"0")
		if head != e164 && isExchange(head) {
			own = append(own, head)
		}
	}
	return own, heads
}

// beyondPlan is the number of a line that is longer than the plan of its country knows,
// as those of great exchanges are; "" unless it is written with its country.
func beyondPlan(typed, region string) string {
	number, err := phonenumbers.ParseAndKeepRawInput(typed, region)
	if err != nil || number.GetCountryCodeSource() == phonenumbers.PhoneNumber_FROM_DEFAULT_COUNTRY {
		return ""
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

// isExchange says whether a number can be one that goes on with the digits of a line. No
// mobile number does: of two that begin alike, each is another subscriber's.
func isExchange(e164 string) bool {
	number, err := phonenumbers.Parse(e164, "")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.FIXED_LINE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.UAN, phonenumbers.VOIP:
		return true
	}
	return false
}
