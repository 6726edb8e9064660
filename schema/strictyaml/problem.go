package strictyaml

import (
	"fmt"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Problem is one mistake in a file. Its text names the offending word and,
// where there is one, the nearest right word.
type Problem struct {
	File    string
	Line    int // from 1; 0 when the whole file is meant
	Message string

	// Missing is a name that the file needs and that nothing at hand defines,
	// though something that is not there now may; "" for any other mistake.
	Missing string
}

// Error returns "file:line: message".
func (p Problem) Error() string {
	switch {
	case p.File == "":
		return p.Message
	case p.Line == 0:
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Message)
}

// Problems is every mistake found, in the order of files and lines.
type Problems []Problem

// Error lists the problems, one on each line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems sorted, as an error, or nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	sort.SliceStable(ps, func(i, j int) bool {
		if ps[i].File != ps[j].File {
			return ps[i].File < ps[j].File
		}
		return ps[i].Line < ps[j].Line
	})
	return ps
}

// Suggest completes a message with the known word nearest to the given one,
// as `; did you mean "string"?`, or with nothing when no word is near.
func Suggest(word string, known []string) string {
	if best := Nearest(word, known, len(word)/2); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}

// Nearest returns the known word that the given one becomes with the fewest
// letters changed, at most so many, or "".
func Nearest(word string, known []string, letters int) string {
	best := ""
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k)); d <= letters {
			best, letters = k, d-1
		}
	}
	return best
}
