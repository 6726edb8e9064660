package table

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// The columns that a Writer puts before those of the file. A reader of the
// written file can leave them out by these names.
const (
	LineColumn    = "rejected line"
	ReasonsColumn = "rejected because"
)

// Writer writes rejected rows so that the file can be read again, in the
// dialect it came in, when the rows are corrected. Line and reasons come
// first, because a row that cannot be read may have any number of columns.
type Writer struct {
	csv *csv.Writer
}

// NewWriter writes the header.
func NewWriter(w io.Writer, header []string, d Dialect) (*Writer, error) {
	out := csv.NewWriter(w)
	if d.Separator != 0 {
		out.Comma = d.Separator
	}
	err := out.Write(append([]string{LineColumn, ReasonsColumn}, without(header)...))
	return &Writer{csv: out}, err
}

// Write adds one row. Cells are those of the Row, in the order of the header.
func (w *Writer) Write(line int, reasons, header, cells []string) error {
	record := []string{strconv.Itoa(line), strings.Join(reasons, "; ")}
	for i, cell := range cells {
		if len(cells) != len(header) || !added(header[i]) {
			record = append(record, cell)
		}
	}
	return w.csv.Write(record)
}

// Flush hands everything to the underlying writer and returns the first error.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}

// without leaves out the columns that an earlier Writer added, so that they
// do not pile up when a corrected file is imported.
func without(header []string) []string {
	var kept []string
	for _, name := range header {
		if !added(name) {
			kept = append(kept, name)
		}
	}
	return kept
}

func added(name string) bool { return name == LineColumn || name == ReasonsColumn }
