package schema

import (
	"slices"
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
	known := phoneLines(value, p.model.region)
	if len(known.own) == 0 && len(known.heads) == 0 {
		return part("raw", OpEq, typed) // such as an internal number
	}
	all, ways := slices.Clone(known.own), []Filter(nil)
	if len(known.own) > 0 {
		ways = append(ways, part("e164", OpIn, known.own))
	}
	if len(known.heads) > 0 {
		var numbers []any
		for _, head := range known.heads {
			numbers = append(numbers, head.number)
			ways = append(ways, All(part("e164", OpEq, head.number), part("extension", OpEq, head.extension)))
		}
		ways = append(ways, All(part("e164", OpIn, numbers), part("extension", OpIsNull, true)))
		all = append(all, numbers...)
	}
	if len(known.exchanges) > 0 {
		ways = append(ways, All(part("e164", OpIn, known.exchanges), part("raw", OpEndsWith, exchangeEnd)))
		all = append(all, known.exchanges...)
	}
	if len(ways) == 1 {
		return ways[0]
	}
	return All(part("e164", OpIn, all), Any(ways...)) // the first is what an index serves
}

// exchangeEnd is how the number of a company's exchange ends where it is written as one of
// its lines: +49 30 1234567-0.
const exchangeEnd = "-0"

// phoneNumbers are those under which a phone number may be stored.
type phoneNumbers struct {
	own       []any       // the number itself, with the digits of its extension
	heads     []phoneHead // what it begins with, where that is the number of a company
	exchanges []any       // those that end in 0, if they were typed that way
}

// phoneHead is a number with what goes on behind it. Where another extension is stored
// with the number, it is a colleague's.
type phoneHead struct{ number, extension string }

// phoneLines lists the numbers under which a phone number may be stored.
func phoneLines(value any, region string) phoneNumbers {
	var known phoneNumbers
	typed, _ := Lookup(value, "raw").(string)
	e164, _ := Lookup(value, "e164").(string)
	extension, _ := Lookup(value, "extension").(string)
	line := e164
	if line == "" {
		if line = beyondPlan(typed, region); line == "" {
			return known
		}
	}
	if line += extension; e164 != "" {
		known.own = append(known.own, line)
	}
	exchange := func(head string) {
		if isExchange(head + exchangeEnd[1:]) {
			known.exchanges = append(known.exchanges, head+exchangeEnd[1:])
		}
	}
	exchange(line)
	for n := len(line) - 1; n > 4; n-- {
		head := line[:n]
		exchange(head)
		if head == e164 || isExchange(head) {
			known.heads = append(known.heads, phoneHead{head, line[n:]})
		}
	}
	return known
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
