package importer

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/importer/table"
)

// rejects is the file of the rows that did not get in.
type rejects struct {
	name   string
	header []string
	file   *os.File
	buffer *bufio.Writer
	table  *table.Writer
	rows   int
}

// rejectedName is customers.rejected.csv for customers.csv.
func rejectedName(file string) string {
	name := strings.TrimSuffix(file, ".csv")
	return name + ".rejected.csv"
}

// newRejects opens the file before anything is sent, so that no row can get
// lost because it cannot be written.
func newRejects(name string, t *table.Reader, converted bool) (*rejects, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("write the file for rejected rows: %w; --rejected can name another place", err)
	}
	r := &rejects{name: name, header: t.Header(), file: file, buffer: bufio.NewWriter(file)}
	if converted {
		// The mark tells the next import that this file is UTF-8, whatever
		// the map says about the original.
		if _, err := r.buffer.WriteString("\uFEFF"); err != nil {
			return nil, err
		}
	}
	r.table, err = table.NewWriter(r.buffer, t.Header(), t.Dialect())
	return r, err
}

// write writes the rows of a record that was rejected, each with the reasons
// that concern it, and returns these.
func (r *rejects) write(rec *record) ([]Reason, error) {
	var all []Reason
	for i, row := range rec.rows {
		var reasons []string
		for _, f := range rec.faults {
			if f.row == i {
				reasons = append(reasons, f.reason)
			}
		}
		if len(reasons) == 0 {
			reasons = []string{fmt.Sprintf("is of the record that begins in line %d, which was rejected", rec.rows[0].Line)}
		}
		if err := r.table.Write(row.Line, reasons, r.header, row.Cells); err != nil {
			return nil, fmt.Errorf("write %s: %w", r.name, err)
		}
		r.rows++
		all = append(all, Reason{Line: row.Line, Text: strings.Join(reasons, "; ")})
	}
	return all, r.table.Flush()
}

// close leaves no file when no row was rejected.
func (r *rejects) close() error {
	if r.rows == 0 {
		r.file.Close()
		return os.Remove(r.name)
	}
	if err := r.buffer.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", r.name, err)
	}
	return r.file.Close()
}
