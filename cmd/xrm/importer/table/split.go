package table

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// state is where a splitter stands in a row.
type state int

const (
	atStart    state = iota // of a cell
	inPlain                 // within a cell without quotes
	inQuotes                // within a cell with quotes, which may go on in the next line
	afterQuote              // behind the closing quote of a cell
)

// splitter takes a row apart into cells, line by line. A quote has a meaning
// only at the start of a cell; elsewhere it is a character like any other, so
// that 12" needs no care.
type splitter struct {
	dialect Dialect
	cells   []string
	cell    strings.Builder
	state   state
}

// feed reads one line, without its line end. It says whether the row is
// complete; if not, it goes on in the next line. The error tells why the row
// cannot be read, whatever follows.
func (s *splitter) feed(line string) (complete bool, err error) {
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRuneInString(line[i:])
		switch s.state {
		case atStart:
			if start := i + spaces(line[i:]); start < len(line) && line[start] == '"' {
				s.state, size = inQuotes, start-i+1
				break
			}
			s.state = inPlain
			continue
		case inPlain:
			if s.separates(r, line[i+size:]) {
				s.end()
			} else {
				s.cell.WriteRune(r)
			}
		case inQuotes:
			switch {
			case r != '"':
				s.cell.WriteRune(r)
			case strings.HasPrefix(line[i+size:], `"`):
				s.cell.WriteByte('"')
				size++
			default:
				s.state = afterQuote
			}
		case afterQuote:
			switch {
			case r == s.dialect.Separator:
				s.end()
			case r != ' ':
				return false, fmt.Errorf("column %d: text follows its closing quote; a quote inside must be doubled", len(s.cells)+1)
			}
		}
		i += size
	}
	if s.state == inQuotes {
		s.cell.WriteByte('\n')
		return false, nil
	}
	s.end()
	return true, nil
}

func (s *splitter) end() {
	s.cells = append(s.cells, s.cell.String())
	s.cell.Reset()
	s.state = atStart
}

func (s *splitter) separates(r rune, rest string) bool {
	if s.dialect.NotBeforeSpace && strings.HasPrefix(rest, " ") {
		return false
	}
	return r == s.dialect.Separator
}

func spaces(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
