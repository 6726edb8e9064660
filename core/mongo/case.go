package mongo

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/openxrm/xrm/schema"
)

// anyCase is an expression that compares texts whatever their case. It names every
// form of a character: engines differ in what they take for one when they are told to
// ignore the case. None begins with ^, since no index can begin there.
func anyCase(op schema.Op, text string) string {
	var b strings.Builder
	for _, r := range text {
		forms := regexp.QuoteMeta(string(r))
		if r == 0 {
			forms = `\x00`
		}
		if other := unicode.SimpleFold(r); other != r { // a letter, which is never quoted
			for forms = "[" + string(r); other != r; other = unicode.SimpleFold(other) {
				forms += string(other)
			}
			forms += "]"
		}
		b.WriteString(forms)
	}
	switch op {
	case schema.OpEqAnyCase:
		return "(?:^" + b.String() + `\z)`
	case schema.OpStartsWithAnyCase:
		return "(?:^" + b.String() + ")"
	case schema.OpEndsWithAnyCase:
		return "(?:" + b.String() + `\z)`
	}
	return b.String()
}
