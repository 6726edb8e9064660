package importer

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// numbers is how the numbers of a file are written.
type numbers struct {
	decimal   string // "." or ","
	thousands string // "" for none
}

const (
	spaceSigns      = " \u00a0\u202f\u2009\u2007" // a spreadsheet writes any of them
	apostropheSigns = "'\u2019"                   // Switzerland
	minusSigns      = "-\u2212"
)

// digitGroups begins with other than 0: 0.123 is a fraction in every country.
var digitGroups = regexp.MustCompile(`^[1-9][0-9]{0,2}(?:[^0-9][0-9]{3})+$`)

// newNumbers checks what a map says. A sign that could be a digit or the sign
// of the other kind would give a number another value.
func newNumbers(decimal, thousands string) (numbers, error) {
	n := numbers{decimal: decimal, thousands: thousands}
	if decimal == "" {
		n.decimal = "."
	}
	switch {
	case n.decimal != "." && n.decimal != ",":
		return n, fmt.Errorf(`decimal must be "." or ",", not %q`, decimal)
	case n.thousands == n.decimal && decimal == "":
		return n, fmt.Errorf(`thousands is %q, and decimal is a point where the map does not say it; add decimal: "," if 1.234,50 is meant`, thousands)
	case n.thousands == n.decimal:
		return n, fmt.Errorf("decimal and thousands are both %q; no number could be told from a thousand times it", decimal)
	case thousands != "" && (utf8.RuneCountInString(thousands) != 1 || !strings.Contains(".,_"+spaceSigns+apostropheSigns, thousands)):
		return n, fmt.Errorf("thousands must be a point, a comma, a space, an apostrophe or _, not %q", thousands)
	}
	return n, nil
}

// sample is how a number looks in the file, for messages.
func (n numbers) sample() string {
	if n.thousands == "" {
		return "12" + n.decimal + "50"
	}
	return "1" + n.thousands + "234" + n.decimal + "50"
}

// plain brings a number into the form of the API, -1234.5, and returns "" for
// what is not written as the map says. Signs between thousands are taken for
// such only where every group has three digits, the first does not begin with
// 0, and all are of one kind. Anything else might be a fraction, which would
// become a thousand times as much.
func (n numbers) plain(text string) string {
	text, negative, ok := signed(text)
	if !ok {
		return ""
	}
	before, after, fraction := strings.Cut(text, n.decimal)
	if before != "" && !isDigits(before) {
		if before = n.ungrouped(before); before == "" {
			return ""
		}
	}
	switch {
	case fraction && !isDigits(after), before == "" && !fraction:
		return ""
	case before == "":
		before = "0"
	}
	if fraction {
		before += "." + after
	}
	if negative {
		return "-" + before
	}
	return before
}

// ungrouped leaves out the signs between thousands: that of the map, and the
// spaces and apostrophes, which mean nothing else within a number.
func (n numbers) ungrouped(whole string) string {
	if !digitGroups.MatchString(whole) {
		return ""
	}
	for _, signs := range []string{n.thousands, spaceSigns, apostropheSigns} {
		rest := strings.Map(func(r rune) rune {
			if strings.ContainsRune(signs, r) {
				return -1
			}
			return r
		}, whole)
		if isDigits(rest) {
			return rest
		}
	}
	return ""
}

// signed takes the sign from a number: in front, behind as in lists of
// accounts, or as parentheses. It is not ok when there are two.
func signed(text string) (number string, negative, ok bool) {
	text = strings.Trim(text, spaceSigns)
	signs := 0
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
		signs, negative = 1, true
		text = strings.Trim(text[1:len(text)-1], spaceSigns)
	}
	bare := strings.TrimLeft(text, minusSigns+"+")
	signs += utf8.RuneCountInString(text) - utf8.RuneCountInString(bare)
	negative = negative || strings.HasPrefix(text, "-") || strings.HasPrefix(text, "\u2212")
	behind := strings.TrimRight(bare, minusSigns)
	signs += utf8.RuneCountInString(bare) - utf8.RuneCountInString(behind)
	negative = negative || behind != bare
	return strings.Trim(behind, spaceSigns), negative, signs <= 1
}

// unfit completes "<field> …" for a text that is no number, and says with
// which signs the number in it would be one.
func (n numbers) unfit(what, text, number string) error {
	other := map[string]string{".": ",", ",": "."}
	var would []string
	for _, decimal := range []string{n.decimal, other[n.decimal]} {
		written := numbers{decimal: decimal, thousands: other[decimal]}
		if plain := written.plain(number); plain != "" && n.plain(number) == "" {
			would = append(would, fmt.Sprintf("%s with decimal: %q and thousands: %q", plain, written.decimal, written.thousands))
		}
	}
	if would == nil {
		return fmt.Errorf("must be %s, not %s", what, text)
	}
	return fmt.Errorf("must be %s, not %s; it is %s in the map", what, text, strings.Join(would, ", or "))
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
