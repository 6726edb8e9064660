package importer

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/openxrm/xrm/cmd/xrm/importer/table"
	"golang.org/x/text/encoding/charmap"
)

// dialect returns how to take the file apart, and how to decode it first.
func (c CSV) dialect() (table.Dialect, func(io.Reader) io.Reader, error) {
	d := table.Dialect{NotBeforeSpace: c.NotBeforeSpace, HeaderLine: c.HeaderLine}
	plain := func(r io.Reader) io.Reader { return r }
	switch {
	case c.HeaderLine < 0:
		return d, plain, fmt.Errorf("csv: headerLine must be the number of a line, not %d", c.HeaderLine)
	case c.Separator == "tab":
		d.Separator = '\t'
	case utf8.RuneCountInString(c.Separator) > 1, c.Separator == `"`, c.Separator == "\n":
		return d, plain, fmt.Errorf("csv: separator must be one character or tab, not %q", c.Separator)
	case c.Separator != "":
		d.Separator, _ = utf8.DecodeRuneInString(c.Separator)
	}
	switch c.Encoding {
	case "", "utf-8":
		return d, plain, nil
	case "windows-1252":
		return d, decoder(charmap.Windows1252), nil
	case "iso-8859-1":
		return d, decoder(charmap.ISO8859_1), nil
	}
	return d, plain, fmt.Errorf("csv: encoding must be utf-8, windows-1252 or iso-8859-1, not %q", c.Encoding)
}

// decoder decodes all but a file that says itself that it is UTF-8.
func decoder(c *charmap.Charmap) func(io.Reader) io.Reader {
	return func(r io.Reader) io.Reader {
		in := bufio.NewReader(r)
		if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\uFEFF")) {
			return in
		}
		return c.NewDecoder().Reader(in)
	}
}
