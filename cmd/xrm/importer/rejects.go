package importer

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/importer/table"
)

// rejects is the file of the rows that did not get in. Until the import ends
// it has a name of its own, so that an earlier one stays what it is.
type rejects struct {
	wanted string // its name, when no other file has it
	name   string // the one that it has now
	header []string
	file   *os.File // nil for a dry run, which writes nothing
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
	// Beside the final name, where a rename cannot cross a file system.
	now, how := name+"."+rand.Text()[:8]+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL
	if isDevice(name) {
		now, how = name, os.O_WRONLY
	}
	file, err := os.OpenFile(now, how, 0o666)
	if err != nil {
		return nil, fmt.Errorf("write the file for rejected rows: %w; --rejected can name another place", err)
	}
	r := &rejects{wanted: name, name: now, header: t.Header(), file: file, buffer: bufio.NewWriter(file)}
	if converted {
		// The mark tells the next import that this file is UTF-8, whatever
		// the map says about the original.
		_, err = r.buffer.WriteString("\uFEFF")
	}
	if err == nil {
		r.table, err = table.NewWriter(r.buffer, t.Header(), t.Dialect())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", name, err), r.discard())
	}
	return r, nil
}

// isDevice says whether a name is that of a terminal, a pipe or /dev/null,
// which take what is written and keep nothing.
func isDevice(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
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
		if r.file != nil {
			if err := r.table.Write(row.Line, reasons, r.header, row.Cells); err != nil {
				return nil, fmt.Errorf("write %s: %w", r.name, err)
			}
		}
		r.rows++
		all = append(all, Reason{Line: row.Line, Text: strings.Join(reasons, "; ")})
	}
	if r.file == nil {
		return all, nil
	}
	return all, r.table.Flush()
}

// close gives the file its name, or leaves none when no row was rejected.
func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	if r.rows == 0 {
		return r.discard()
	}
	err := r.buffer.Flush()
	if closed := r.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", r.name, err)
	}
	if r.name == r.wanted {
		return nil
	}
	name, err := settleFile(r.name, r.wanted)
	if err != nil {
		return fmt.Errorf("the rejected rows are in %s, which could not get the name %s: %w", r.name, r.wanted, err)
	}
	r.name = name
	return nil
}

func (r *rejects) discard() error {
	r.file.Close()
	if r.name == r.wanted {
		return nil
	}
	return os.Remove(r.name)
}
