package table

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Reader reads a file with a header. It is not safe for concurrent use.
type Reader struct {
	dialect Dialect
	lines   *lines
	header  []string
}

// Row is one row behind the header.
type Row struct {
	Line   int      // where it starts, from 1
	Cells  []string // as many as the header has, unless there are faults
	Faults []string // why the row cannot be read; such a row has its text in Cells, as far as it could be taken apart
}

// NewReader reads the header. A byte order mark is skipped.
func NewReader(r io.Reader, d Dialect) (*Reader, error) {
	t := &Reader{dialect: d, lines: newLines(r)}
	first, err := t.firstLine()
	if err != nil {
		return nil, err
	}
	if first.fault != "" && strings.HasPrefix(first.text, "\uFFFD") && strings.Contains(first.text, "\x00") {
		return nil, errors.New("the file is not UTF-8 but probably UTF-16; save it as UTF-8")
	}
	first.text = strings.TrimPrefix(first.text, "\uFEFF")
	if separator, ok := declared(first.text); ok {
		if t.dialect.Separator == 0 {
			t.dialect.Separator = separator
		}
		if first, err = t.firstLine(); err != nil {
			return nil, err
		}
	}
	if first, err = t.toHeader(first); err != nil {
		return nil, err
	}
	if t.dialect.Separator == 0 {
		t.dialect.Separator = guess(first.text)
	}
	row, err := t.row(first)
	if err != nil {
		return nil, err
	}
	if len(row.Faults) > 0 {
		return nil, fmt.Errorf("line %d, the header: %s", row.Line, strings.Join(row.Faults, "; "))
	}
	return t, t.setHeader(row)
}

// toHeader goes on to the line that the dialect says. A file of rejected rows
// begins with its header, wherever that of the first file stood.
func (t *Reader) toHeader(at line) (line, error) {
	if strings.HasPrefix(strings.TrimPrefix(at.text, `"`), LineColumn) {
		return at, nil
	}
	for at.number < t.dialect.HeaderLine {
		next, err := t.lines.next()
		if errors.Is(err, io.EOF) {
			return at, fmt.Errorf("the file has %d lines, so that line %d cannot be its header", at.number, t.dialect.HeaderLine)
		}
		if err != nil {
			return at, err
		}
		at = next
	}
	if t.dialect.HeaderLine > 0 && at.number > t.dialect.HeaderLine {
		return at, fmt.Errorf("line %d cannot be the header: it is empty or says which separator the file has", t.dialect.HeaderLine)
	}
	return at, nil
}

// firstLine returns the next line that has any text in it.
func (t *Reader) firstLine() (line, error) {
	for {
		first, err := t.lines.next()
		if errors.Is(err, io.EOF) {
			return line{}, errors.New("the file is empty; its first line must name the columns")
		}
		if err != nil || strings.TrimSpace(strings.TrimPrefix(first.text, "\uFEFF")) != "" {
			return first, err
		}
	}
}

func (t *Reader) setHeader(row Row) error {
	if row.empty() {
		return fmt.Errorf("line %d, the header, names no columns", row.Line)
	}
	for _, name := range row.Cells {
		if strings.Contains(strings.TrimSpace(name), "\r") {
			return errors.New("the file's lines end with CR alone, as on an old Macintosh; save it with the line ends of today (LF or CRLF)")
		}
		t.header = append(t.header, strings.TrimSpace(name))
	}
	return nil
}

// Header lists the names of the columns, of which several may be the same. The
// caller must not change it.
func (t *Reader) Header() []string { return t.header }

// Dialect is the dialect that the file is read in, the separator included.
func (t *Reader) Dialect() Dialect { return t.dialect }

// Offset is how many bytes have been read.
func (t *Reader) Offset() int64 { return t.lines.offset }

// Next returns the next row that has any text in it, and io.EOF behind the
// last one. Another error means that the file could not be read any further.
func (t *Reader) Next() (Row, error) {
	for {
		first, err := t.lines.next()
		if err != nil {
			return Row{}, err
		}
		row, err := t.row(first)
		if err != nil || !row.empty() {
			return row, err
		}
	}
}

func (r Row) empty() bool {
	for _, cell := range r.Cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

// row takes a row apart that starts in a line. A quote that opens may close in
// a later line; if no row of the right width comes of that, the quote is taken
// for one that never closes, only its own line is given up, and reading goes
// on with the next line.
func (t *Reader) row(first line) (Row, error) {
	if first.fault != "" {
		return Row{Line: first.number, Cells: []string{first.text}, Faults: []string{first.fault}}, nil
	}
	s := splitter{dialect: t.dialect}
	complete, err := s.feed(first.text)
	if err != nil {
		return Row{Line: first.number, Cells: []string{first.text}, Faults: []string{err.Error()}}, nil
	}
	if complete {
		return t.measure(first.number, s.cells), nil
	}
	column, length := len(s.cells)+1, len(first.text)
	var ahead []line
	fault := fmt.Sprintf("a quote opens in column %d and never closes", column)
	for {
		more, err := t.lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Row{}, err
		}
		ahead = append(ahead, more)
		length += len(more.text) + 1
		if more.fault != "" || length > maxLine {
			break
		}
		complete, err = s.feed(more.text)
		if complete && (t.header == nil || len(s.cells) == len(t.header)) {
			return Row{Line: first.number, Cells: s.cells}, nil
		}
		if complete || err != nil {
			fault = fmt.Sprintf("a quote opens in column %d and closes nowhere in the line", column)
			break
		}
	}
	t.lines.unread(ahead)
	return Row{Line: first.number, Cells: []string{first.text}, Faults: []string{fault}}, nil
}

func (t *Reader) measure(number int, cells []string) Row {
	row := Row{Line: number, Cells: cells}
	if t.header == nil || len(cells) == len(t.header) {
		return row
	}
	fault := fmt.Sprintf("has %d columns where the header has %d", len(cells), len(t.header))
	if len(cells) > len(t.header) && !t.dialect.NotBeforeSpace && spaceAfterSeparator(cells) {
		fault += "; a text with the separator in it must stand in quotes, or the map must say csv: {notBeforeSpace: true}"
	}
	row.Faults = []string{fault}
	return row
}

func spaceAfterSeparator(cells []string) bool {
	for _, cell := range cells[1:] {
		if strings.HasPrefix(cell, " ") && strings.TrimSpace(cell) != "" {
			return true
		}
	}
	return false
}
