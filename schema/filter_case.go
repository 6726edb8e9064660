package schema

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// The operators that {ignoreCase: true} beside them makes of eq, contains, startsWith
// and endsWith. They are operators of their own, so that what looks for eq takes none
// of them for it.
const (
	OpEqAnyCase         Op = "eq, whatever the case"
	OpContainsAnyCase   Op = "contains, whatever the case"
	OpStartsWithAnyCase Op = "startsWith, whatever the case"
	OpEndsWithAnyCase   Op = "endsWith, whatever the case"
)

// ignoreCase is the key that says so.
const ignoreCase = "ignoreCase"

// IgnoresCase says whether a filter of the type may have ignoreCase.
func IgnoresCase(t Type) bool { return slices.Contains(t.Operators(), OpContains) }

func anyCaseOf(op Op) (Op, bool) {
	switch op {
	case OpEq:
		return OpEqAnyCase, true
	case OpContains:
		return OpContainsAnyCase, true
	case OpStartsWith:
		return OpStartsWithAnyCase, true
	case OpEndsWith:
		return OpEndsWithAnyCase, true
	}
	return op, false
}

// AnyCase is the same for texts that differ by case alone, character by character, as
// Unicode's simple folding has it: K, k and the sign of Kelvin are one, ß and ss are not.
func AnyCase(s string) string { return strings.Map(leastCase, s) }

func leastCase(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// matchAnyCase compares texts that AnyCase has made.
func matchAnyCase(op Op, text, operand string) bool {
	switch op {
	case OpEqAnyCase:
		return text == operand
	case OpContainsAnyCase:
		return strings.Contains(text, operand)
	case OpStartsWithAnyCase:
		return strings.HasPrefix(text, operand)
	}
	return strings.HasSuffix(text, operand)
}

// caseIgnored takes ignoreCase out of a filter, where it goes beside the comparisons
// of a text.
func (p *filterParser) caseIgnored(f *Field, raw map[string]any, at string) (others map[string]any, ignored bool) {
	value, given := raw[ignoreCase]
	if !given || !IgnoresCase(f.Kind()) {
		return raw, false
	}
	ignored, ok := value.(bool)
	if !ok {
		p.add(at+"."+ignoreCase, "type", "must be true or false, not "+show(value))
	}
	if len(raw) == 1 {
		p.add(at+"."+ignoreCase, "alone", "stands alone; write eq, contains, startsWith or endsWith beside it")
	}
	others = maps.Clone(raw)
	delete(others, ignoreCase)
	return others, ignored
}

// ignoring lets a comparison ignore the case, if it is to.
func (p *filterParser) ignoring(anyCase bool, c Filter, at string) Filter {
	op, can := anyCaseOf(c.Op)
	switch {
	case !anyCase || c.Op == OpIsNull:
		return c
	case !can:
		p.add(at, ignoreCase, "cannot ignore the case; eq, contains, startsWith and endsWith can")
	}
	c.Op = op
	return c
}
