package table

import "strings"

// Dialect is how a file separates its cells.
type Dialect struct {
	Separator rune // 0: whichever of comma, semicolon, tab and | the header has most of

	// NotBeforeSpace makes a separator that is followed by a space a part of
	// the text, for files that leave texts such as "Pavlova, Ltd." unquoted.
	NotBeforeSpace bool

	HeaderLine int // the line that names the columns, from 1; 0 for the first that has any text
}

// guess finds the separator from the header line.
func guess(header string) rune {
	best, most := ',', 0
	for _, candidate := range ",;\t|" {
		n, quoted := 0, false
		for _, r := range header {
			switch r {
			case '"':
				quoted = !quoted
			case candidate:
				if !quoted {
					n++
				}
			}
		}
		if n > most {
			best, most = candidate, n
		}
	}
	return best
}

// declared is the separator that a spreadsheet may write above the header.
func declared(line string) (rune, bool) {
	value, ok := strings.CutPrefix(line, "sep=")
	if r := []rune(value); ok && len(r) == 1 {
		return r[0], true
	}
	return 0, false
}
