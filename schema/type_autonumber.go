package schema

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

type autonumberType struct{ textType }

func (autonumberType) Name() string { return "autonumber" }
func (autonumberType) Doc() string {
	return "A number that the program gives to a new record by a pattern, such as C-{YYYY}-{00000}; a number that is given is kept. Unique, with gaps."
}
func (autonumberType) Options() []string { return []string{"format"} }

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
