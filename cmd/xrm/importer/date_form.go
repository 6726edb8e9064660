package importer

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/openxrm/xrm/schema"
)

// dateForm is a way to write dates, taken apart: D. MMMM YYYY.
type dateForm struct {
	text  string // as the map says it
	parts []datePart
}

// datePart is a word such as YYYY, or the literal text between two.
type datePart struct {
	word, literal string
}

// dateWords are what a map may write for the parts of a date, with how many
// digits such a part has; none for a name.
var dateWords = map[string][2]int{
	"YYYY": {4, 4}, "YY": {2, 2}, "MMMM": {}, "MMM": {}, "MM": {2, 2}, "M": {1, 2}, "DD": {2, 2}, "D": {1, 2},
	"hh": {1, 2}, "h": {1, 2}, "HH": {1, 2}, "H": {1, 2}, "mm": {2, 2}, "ss": {2, 2}, "SSS": {3, 3}, "A": {}, "Z": {},
}

// written is what a text says by a form, before it is held against a calendar.
type written struct {
	year, month, day, hour, minute, second, milli int
	short                                         bool // the year has two digits
	zoned                                         bool
	offset                                        int // seconds east of UTC
}

// newDateForm refuses a form of which a part is not known or missing, because
// every row would be rejected for it.
func newDateForm(text string) (dateForm, error) {
	f := dateForm{text: text}
	for rest := text; rest != ""; {
		r := []rune(rest)
		n := 1
		switch {
		case r[0] == '\'':
			end := strings.Index(rest[1:], "'")
			if end < 0 {
				return f, fmt.Errorf("dates: %q has a quote that does not close", text)
			}
			f.literal(rest[1 : end+1])
			rest = rest[end+2:]
			continue
		case unicode.IsLetter(r[0]) && r[0] != 'T':
			for n < len(r) && r[n] == r[0] {
				n++
			}
			word := string(r[:n])
			if _, known := dateWords[word]; !known {
				return f, fmt.Errorf("dates: %q has the part %q, which is not known; known are YYYY YY MMMM MMM MM M DD D hh h mm ss SSS A Z, and text stands in single quotes", text, word)
			}
			f.parts = append(f.parts, datePart{word: word})
		default:
			f.literal(string(r[0]))
		}
		rest = string(r[n:])
	}
	return f, f.check()
}

func (f *dateForm) literal(text string) {
	f.parts = append(f.parts, datePart{literal: text})
}

func (f *dateForm) has(words ...string) bool {
	return slices.ContainsFunc(f.parts, func(p datePart) bool { return slices.Contains(words, p.word) })
}

func (f *dateForm) check() error {
	if !f.has("YYYY", "YY") || !f.has("MMMM", "MMM", "MM", "M") || !f.has("DD", "D") {
		return fmt.Errorf("%q is no form of dates such as DD.MM.YYYY hh:mm; it needs YYYY, MM and DD", f.text)
	}
	hours, twelve := f.has("hh", "h"), f.has("HH", "H")
	switch {
	case f.has("A") && !hours:
		return fmt.Errorf("dates: %q has A (AM or PM) and no h before it, such as h:mm A", f.text)
	case !hours && !twelve && f.has("mm", "ss", "SSS", "Z"), f.has("ss", "SSS") && !f.has("mm"), f.has("SSS") && !f.has("ss"):
		return fmt.Errorf("dates: %q lacks a part of the time; write hh:mm, hh:mm:ss or hh:mm:ss.SSS", f.text)
	}
	seen := map[byte]bool{}
	for i, p := range f.parts {
		if p.word == "" {
			continue
		}
		kind := p.word[0]
		if kind == 'H' {
			kind = 'h'
		}
		if seen[kind] {
			return fmt.Errorf("dates: %q says the same part twice: %s", f.text, p.word)
		}
		seen[kind] = true
		digits := dateWords[p.word]
		if i+1 < len(f.parts) && digits[0] < digits[1] && dateWords[f.parts[i+1].word][1] > 0 {
			return fmt.Errorf("dates: %q does not say where %s ends; write %s%s or put a sign between", f.text, p.word, p.word, p.word)
		}
	}
	return nil
}

var errNoDate = errors.New("no date")

// read returns errNoDate for a text of another form.
func (f *dateForm) read(text string) (w written, err error) {
	half := ""
	for i, p := range f.parts {
		ok := true
		switch digits := dateWords[p.word]; {
		case p.word == "":
			text, ok = cutLiteral(text, p.literal)
		case digits[1] > 0:
			var n int
			n, text, ok = cutNumber(text, digits)
			w.set(p.word, n)
			if f.parts[i].word == "ss" && ok && !f.has("SSS") {
				text = fraction.ReplaceAllString(text, "")
			}
		case p.word == "A":
			half, text = cutMatch(text, halfOfDay)
			ok = half != ""
		case p.word == "Z":
			text, ok = w.zone(text)
		default:
			text, ok = w.name(text, i+1 < len(f.parts) && strings.HasPrefix(f.parts[i+1].literal, "."))
		}
		if !ok {
			return w, errNoDate
		}
	}
	if half != "" {
		if w.hour < 1 || w.hour > 12 {
			return w, errNoDate
		}
		if w.hour %= 12; strings.ToLower(half[:1]) == "p" {
			w.hour += 12
		}
	}
	if text != "" || w.hour > 23 || w.minute > 59 || w.second > 59 {
		return w, errNoDate
	}
	return w, nil
}

var (
	halfOfDay = regexp.MustCompile(`^(?i:[ap]\.?[ \x{a0}\x{202f}]?m\.?)`)
	offset    = regexp.MustCompile(`^(?:Z|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)`)
	fraction  = regexp.MustCompile(`^[.,]\d{1,9}`)
)

func (w *written) set(word string, n int) {
	switch word[0] {
	case 'Y':
		w.year, w.short = n, len(word) == 2
	case 'M':
		w.month = n
	case 'D':
		w.day = n
	case 'h', 'H':
		w.hour = n
	case 'm':
		w.minute = n
	case 's':
		w.second = n
	case 'S':
		w.milli = n
	}
}

// name reads the name of a month, and the point of its abbreviation unless
// the form has that itself.
func (w *written) name(text string, point bool) (rest string, ok bool) {
	rest = strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) })
	w.month = monthNames[schema.Fold(text[:len(text)-len(rest)])]
	if !point {
		rest = strings.TrimPrefix(rest, ".")
	}
	return rest, w.month > 0
}

func (w *written) zone(text string) (rest string, ok bool) {
	zone, rest := cutMatch(text, offset)
	w.zoned = zone != ""
	if digits := strings.ReplaceAll(strings.Trim(zone, "+-ZUTCGM"), ":", ""); digits != "" {
		n, _ := strconv.Atoi((digits + "00")[:4])
		w.offset = (n/100*60 + n%100) * 60
	}
	if strings.HasPrefix(zone, "-") {
		w.offset = -w.offset
	}
	return rest, w.zoned
}

// cutLiteral takes a space for one or more spaces of any kind.
func cutLiteral(text, literal string) (rest string, ok bool) {
	if literal != " " {
		return strings.CutPrefix(text, literal)
	}
	rest = strings.TrimLeft(text, spaceSigns)
	return rest, rest != text
}

func cutNumber(text string, digits [2]int) (n int, rest string, ok bool) {
	i := 0
	for i < len(text) && i < digits[1] && text[i] >= '0' && text[i] <= '9' {
		n, i = n*10+int(text[i]-'0'), i+1
	}
	return n, text[i:], i >= digits[0]
}

func cutMatch(text string, p *regexp.Regexp) (match, rest string) {
	match = p.FindString(text)
	return match, text[len(match):]
}
