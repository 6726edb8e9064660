package gorecords

import (
	"go/token"
	"strings"
	"unicode"
)

// exported makes the name of a definition one of Go: "receivedOn" is ReceivedOn, and the
// option "in work" InWork.
func exported(name string) string {
	var b strings.Builder
	upper := true
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			upper = true
		case upper:
			b.WriteRune(unicode.ToUpper(r))
			upper = false
		default:
			b.WriteRune(r)
		}
	}
	if made := b.String(); token.IsIdentifier(made) {
		return made
	}
	return "X" + b.String()
}

// names are those that are taken.
type names map[string]bool

// take returns a name that nothing else has.
func (n names) take(name string) string {
	for n[name] {
		name += "Field"
	}
	n[name] = true
	return name
}
