package schema

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// normal brings a text into the one form in which it is stored and compared:
// NFC (UAX #15), with line feeds between lines, spaces between words, none of
// them around it, and without what nobody sees. Control characters are refused,
// since they are the trace of a wrong encoding or of a binary file. README.md
// has the table.
//
// What is normal already is returned as it is, without an allocation.
func normal(s string) (string, error) {
	plain, odd, err := survey(s)
	if err == nil && odd != 0 {
		err = control(odd)
	}
	if err != nil || plain {
		return strings.TrimSpace(s), err
	}
	return formed(s), nil
}

// compared is normal for a text to compare with, in which control characters pass:
// older records may have them.
func compared(s string) (string, error) {
	plain, _, err := survey(s)
	if err != nil || plain {
		return strings.TrimSpace(s), err
	}
	return formed(s), nil
}

func formed(s string) string {
	for {
		// Taking a character out may let others compose, which may leave a joiner
		// without the letters that it joined.
		next := norm.NFC.String(visible(norm.NFC.String(s)))
		if next == s {
			return strings.TrimSpace(s)
		}
		s = next
	}
}

var errNoText = errors.New("must be valid UTF-8 without null characters")

// survey says whether a text is in its form but for space around it, which control
// character it has, 0 for none, and whether it is no text at all.
func survey(s string) (plain bool, odd rune, err error) {
	plain = true
	beyond := false // the characters up to U+0300 compose with none before them
	for i, r := range s {
		switch {
		case r >= ' ' && r < 0x7f, r == '\n', r == '\t':
		case r == 0:
			return false, 0, errNoText
		case r == '\r', r == '\v', r == '\f', r == 0x85, r == 0xa0, r == 0xad:
			plain = false
		case r < ' ', r >= 0x7f && r < 0xa0:
			odd = r
		case r < 0x300:
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return false, 0, errNoText
			}
		default:
			beyond = true
			plain = plain && !unicode.Is(unseen, r)
		}
	}
	return plain && (!beyond || norm.NFC.IsNormalString(s)), odd, nil
}

func control(r rune) error {
	message := fmt.Sprintf("must not have control characters such as U+%04X", r)
	if r >= 0x80 {
		message += ": was the text read in the wrong encoding, such as ISO 8859-1 for Windows-1252?"
	}
	return mismatch{message, "must not have control characters"}
}

// unseen is what visible looks at: spaces, line ends, and all that leaves no mark
// (Default_Ignorable_Code_Point of UAX #44, and the annotation characters).
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x034f, 0x034f, 1}, {0x061c, 0x061c, 1}, {0x115f, 0x1160, 1}, {0x17b4, 0x17b5, 1}, {0x180b, 0x180f, 1},
		{0x2000, 0x200f, 1}, {0x2028, 0x202f, 1}, {0x205f, 0x206f, 1}, {0x3000, 0x3000, 1}, {0x3164, 0x3164, 1},
		{0xfe00, 0xfe0f, 1}, {0xfeff, 0xfeff, 1}, {0xffa0, 0xffa0, 1}, {0xfff0, 0xfffb, 1},
	},
	R32: []unicode.Range32{{0x1bca0, 0x1bca3, 1}, {0x1d173, 0x1d17a, 1}, {0xe0000, 0xe0fff, 1}},
}

// visible writes every line end and space in one way and takes out what nobody
// sees, except where it changes how others look.
func visible(s string) string {
	var out strings.Builder
	out.Grow(len(s))
	before := rune(-1) // the character that was written last
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		rest := s[i+size:]
		switch {
		case r == '\r' && strings.HasPrefix(rest, "\n"):
			r = -1
		case r == '\r', r == '\v', r == '\f', r == 0x85, r == 0x2028, r == 0x2029:
			r = '\n'
		case unicode.Is(unicode.Zs, r) && r != 0x1680: // which is a line that is seen
			r = ' '
		case r == 0xad, unicode.Is(unseen, r) && !shapes(before, r, rest):
			r = -1
		}
		if r >= 0 {
			out.WriteRune(r)
			before = r
		}
		i += size
	}
	return out.String()
}

// shapes says whether an unseen character changes how the one before it, or the
// two around it, are written.
func shapes(before, r rune, rest string) bool {
	after, _ := utf8.DecodeRuneInString(rest)
	switch {
	case r == 0x200c, r == 0x200d, r == 0x180e: // joiners: RFC 5892, A.1 and A.2
		return isVirama(before) || joins(before) && joins(after) || r == 0x200d && isEmoji(before) && isSymbol(after)
	case r == 0xfe0f && (before == '#' || before == '*' || before >= '0' && before <= '9'):
		return after == 0x20e3 // a keycap
	case isVariation(r):
		return before > unicode.MaxASCII && !isVariation(before) && !unicode.IsSpace(before) && !unicode.Is(unseen, before) && !isEuropean(before)
	case r >= 0xe0020 && r <= 0xe007f: // the flag of a part of a country: UTS #51, ED-14a
		return before == 0x1f3f4 || before >= 0xe0020 && before < 0xe007f
	}
	return false
}

// joins says whether a character is of a script whose letters join, or may.
func joins(r rune) bool {
	return unicode.In(r, unicode.L, unicode.M) && !unicode.Is(unseen, r) && !isEuropean(r)
}

func isEuropean(r rune) bool {
	return unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic) || r >= 0x300 && r < 0x370
}

func isVirama(r rune) bool { return r > 0 && norm.NFC.PropertiesString(string(r)).CCC() == 9 }

func isVariation(r rune) bool {
	return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef || r >= 0x180b && r <= 0x180d || r == 0x180f
}

func isEmoji(r rune) bool {
	return isSymbol(r) || r == 0xfe0f || r >= 0x1f3fb && r <= 0x1f3ff || r == 0xe007f
}

func isSymbol(r rune) bool { return unicode.In(r, unicode.So, unicode.Sm) }
