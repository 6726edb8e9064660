package schema

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// apart are the scripts of which it is known how letters join into one that sorts
// by itself, as ch does in Czech.
var apart = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Han, unicode.Common}

// keeping is as much of a beginning as sorts the same whatever follows it, and in
// every case if that may be another one: Danish takes aa for å, but not aA.
func (c *Collation) keeping(text string, anyCase bool) string {
	if anyCase {
		for i, r := range text {
			if !c.keeps(unicode.ToLower(r)) || !c.keeps(unicode.ToUpper(r)) {
				return text[:i]
			}
		}
		return text
	}
	for text != "" {
		last, size := utf8.DecodeLastRuneInString(text)
		if c.keeps(last) {
			break
		}
		text = text[:len(text)-size]
	}
	return text
}

// keeps says whether a character keeps its place in an order whatever follows it:
// c does not in Czech, since ch comes after h.
func (c *Collation) keeps(last rune) bool {
	switch {
	case unicode.Is(unicode.Han, last):
		return true
	case !unicode.In(last, apart...), c.numeric && unicode.IsDigit(last):
		return false
	}
	if known, ok := c.apart.Load(last); ok {
		return known.(bool)
	}
	key := c.key(string(last))
	key = key[:primary(key)]
	holds := true
	for r := rune('A'); r < 0x370 && holds; r++ {
		joined := norm.NFC.String(string([]rune{last, r}))
		if unicode.In(r, unicode.Letter, unicode.Mark) && utf8.RuneCountInString(joined) > 1 { // or it is another letter
			holds = bytes.HasPrefix(c.key(joined), key)
		}
	}
	c.apart.Store(last, holds)
	return holds
}
