package schema

import (
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type autonumberType struct{ textType }

func (autonumberType) Name() string { return "autonumber" }
func (autonumberType) Doc() string {
	return "A number that the program gives to a new record by a pattern, such as C-{YYYY}-{00000}; a number that is given is kept. Unique, with gaps unless it is gapless."
}
func (autonumberType) Options() []string { return []string{"format", "gapless"} }

var counterForm = regexp.MustCompile(`\{0+\}`)

func (autonumberType) Lint(f *Field) []string {
	if len(counterForm.FindAllString(f.Format, -1)) != 1 {
		return []string{fmt.Sprintf("format %q needs one counter, for example C-{00000}", f.Format)}
	}
	return nil
}

// Autonumber fills the pattern of an autonumber field.
func Autonumber(format string, at time.Time, n int64) string {
	number := counterForm.ReplaceAllStringFunc(format, func(zeros string) string {
		return fmt.Sprintf("%0*d", len(zeros)-2, n)
	})
	return strings.ReplaceAll(number, "{YYYY}", at.UTC().Format("2006"))
}

// maxCounted is more than anybody ever counts to. A greater number is a code
// that looks like one of the counter's: to go on from there could end it.
const maxCounted = 1_000_000_000_000

// AutonumberOf is the inverse of Autonumber: the counter's value and the year
// ("" without one) in a number that has the pattern's form.
func AutonumberOf(format, number string) (n int64, year string, ok bool) {
	counter := counterForm.FindStringIndex(format)
	if counter == nil {
		return 0, "", false
	}
	rest, year, ok := cutForm(number, format[:counter[0]])
	if !ok {
		return 0, "", false
	}
	digits := strings.TrimLeft(rest, "0123456789")
	n, err := strconv.ParseInt(rest[:len(rest)-len(digits)], 10, 64)
	if err != nil || n > maxCounted {
		return 0, "", false
	}
	rest, later, ok := cutForm(digits, format[counter[1]:])
	return n, year + later, ok && rest == ""
}

// cutForm takes a part of a pattern off the beginning of a number.
func cutForm(number, form string) (rest, year string, ok bool) {
	before, after, hasYear := strings.Cut(form, "{YYYY}")
	rest, ok = strings.CutPrefix(number, before)
	if !ok || !hasYear {
		return rest, "", ok
	}
	if len(rest) < 4 || strings.Trim(rest[:4], "0123456789") != "" {
		return "", "", false
	}
	year, rest = rest[:4], rest[4:]
	rest, ok = strings.CutPrefix(rest, after)
	return rest, year, ok
}

// Autonumbers yields the autonumber fields of a record, with their storage paths:
// its own, and those of the roles that it holds.
func (e *Entity) Autonumbers(values map[string]any) iter.Seq2[string, *Field] {
	return func(yield func(string, *Field) bool) {
		for path, f := range e.Kept() {
			role, _, inRole := strings.Cut(path, ".")
			held := values[role] != nil && Lookup(values, role+".until") == nil
			if f.Type == "autonumber" && !f.released && (!inRole || held) && !yield(path, f) {
				return
			}
		}
	}
}
