package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// readAll reads a file to its end.
func readAll(t *testing.T, file string, d Dialect) (header []string, rows []Row) {
	t.Helper()
	r, err := NewReader(strings.NewReader(file), d)
	if err != nil {
		t.Fatal(err)
	}
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Header(), rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

func TestRowsAreReadOneByOne(t *testing.T) {
	const neverCloses = "a quote opens in column 2 and never closes"
	tests := map[string]struct {
		dialect Dialect
		file    string
		want    []Row
	}{
		"plain": {
			file: "a,b\n1,2\n3,4\n",
			want: []Row{{Line: 2, Cells: []string{"1", "2"}}, {Line: 3, Cells: []string{"3", "4"}}},
		},
		"Windows line ends, a byte order mark and no last line end": {
			file: "\uFEFFa,b\r\n1,2\r\n3,4",
			want: []Row{{Line: 2, Cells: []string{"1", "2"}}, {Line: 3, Cells: []string{"3", "4"}}},
		},
		"quotes, doubled quotes and lines within a cell": {
			file: "a,b\n\"1,5\",\"say \"\"hi\"\"\"\n\"two\nlines\",x\n3,4\n",
			want: []Row{{Line: 2, Cells: []string{"1,5", `say "hi"`}}, {Line: 3, Cells: []string{"two\nlines", "x"}}, {Line: 5, Cells: []string{"3", "4"}}},
		},
		"a quote within a plain cell is a character": {
			file: "a,b\n12\" disk,x\n",
			want: []Row{{Line: 2, Cells: []string{`12" disk`, "x"}}},
		},
		"a space before the opening quote": {
			file: "a,b\n1, \"x,y\"\n",
			want: []Row{{Line: 2, Cells: []string{"1", "x,y"}}},
		},
		"a quote that never closes costs its own line only": {
			file: "a,b\n1,\"x\n2,y\n3,z\n",
			want: []Row{{Line: 2, Cells: []string{"1,\"x"}, Faults: []string{neverCloses}}, {Line: 3, Cells: []string{"2", "y"}}, {Line: 4, Cells: []string{"3", "z"}}},
		},
		"a quote that closes at the wrong place costs its own line only": {
			file: "a,b\n1,\"x\n2,y\n3,\"z\"\n4,w\n",
			want: []Row{
				{Line: 2, Cells: []string{"1,\"x"}, Faults: []string{"a quote opens in column 2 and closes nowhere in the line"}},
				{Line: 3, Cells: []string{"2", "y"}}, {Line: 4, Cells: []string{"3", "z"}}, {Line: 5, Cells: []string{"4", "w"}},
			},
		},
		"text behind a closing quote": {
			file: "a,b\n\"Smith\" & Co,x\n2,y\n",
			want: []Row{
				{Line: 2, Cells: []string{`"Smith" & Co,x`}, Faults: []string{"column 1: text follows its closing quote; a quote inside must be doubled"}},
				{Line: 3, Cells: []string{"2", "y"}},
			},
		},
		"too long, too short": {
			file: "a,b\n1,2,3\n4\n5,6\n",
			want: []Row{
				{Line: 2, Cells: []string{"1", "2", "3"}, Faults: []string{"has 3 columns where the header has 2"}},
				{Line: 3, Cells: []string{"4"}, Faults: []string{"has 1 columns where the header has 2"}},
				{Line: 4, Cells: []string{"5", "6"}},
			},
		},
		"a separator within a text": {
			file: "a,b\nPavlova, Ltd.,2\n",
			want: []Row{{Line: 2, Cells: []string{"Pavlova", " Ltd.", "2"}, Faults: []string{
				"has 3 columns where the header has 2; a text with the separator in it must stand in quotes, or the map must say csv: {notBeforeSpace: true}",
			}}},
		},
		"a separator within a text, where that is the file's way": {
			dialect: Dialect{NotBeforeSpace: true},
			file:    "a,b\nPavlova, Ltd.,2\n\"x\", y\n",
			want:    []Row{{Line: 2, Cells: []string{"Pavlova, Ltd.", "2"}}, {Line: 3, Cells: []string{"x", " y"}}},
		},
		"not UTF-8": {
			file: "a,b\nM\xfcnchen,2\n3,4\n",
			want: []Row{
				{Line: 2, Cells: []string{"M\uFFFDnchen,2"}, Faults: []string{`is not UTF-8 (byte 0xFC behind "M"); save the file as UTF-8 or name its encoding in the map`}},
				{Line: 3, Cells: []string{"3", "4"}},
			},
		},
		"a line that is not UTF-8 within quotes": {
			file: "a,b\n1,\"x\n\xff\"\n3,4\n",
			want: []Row{
				{Line: 2, Cells: []string{"1,\"x"}, Faults: []string{neverCloses}},
				{Line: 3, Cells: []string{"\uFFFD\""}, Faults: []string{`is not UTF-8 (byte 0xFF behind ""); save the file as UTF-8 or name its encoding in the map`}},
				{Line: 4, Cells: []string{"3", "4"}},
			},
		},
		"empty rows are skipped": {
			file: "a,b\n\n , \n1,2\n,\n",
			want: []Row{{Line: 4, Cells: []string{"1", "2"}}},
		},
		"semicolons": {file: "a;b\n1,5;2\n", want: []Row{{Line: 2, Cells: []string{"1,5", "2"}}}},
		"tabs":       {file: "a\tb\n1\t2\n", want: []Row{{Line: 2, Cells: []string{"1", "2"}}}},
		"a declared separator": {
			file: "sep=|\na|b\n1|2\n", want: []Row{{Line: 3, Cells: []string{"1", "2"}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header, rows := readAll(t, tt.file, tt.dialect)
			if diff := cmp.Diff([]string{"a", "b"}, header); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.want, rows); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheHeaderMayStandInAnotherLine(t *testing.T) {
	const report = "Customers, as of today\n\n\"printed by; \"\"x\na;b\n1;2\n"
	header, rows := readAll(t, report, Dialect{HeaderLine: 4})
	if diff := cmp.Diff([]string{"a", "b"}, header); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Row{{Line: 5, Cells: []string{"1", "2"}}}, rows); diff != "" {
		t.Error(diff)
	}
	// A corrected file of rejected rows is read with the same dialect.
	header, rows = readAll(t, LineColumn+";"+ReasonsColumn+";a;b\n5;x;1;2\n", Dialect{HeaderLine: 4})
	if len(header) != 4 || len(rows) != 1 {
		t.Errorf("the rejected rows: header %v, %d rows", header, len(rows))
	}
	for file, want := range map[string]string{
		"a,b\n1,2\n":     "the file has 2 lines, so that line 4 cannot be its header",
		"\n\n\n\na\n1\n": "line 4 cannot be the header: it is empty or says which separator the file has",
		"x\na\n\n\n1\n":  "line 4, the header, names no columns",
	} {
		if _, err := NewReader(strings.NewReader(file), Dialect{HeaderLine: 4}); err == nil || err.Error() != want {
			t.Errorf("%q\ngot  %v\nwant %s", file, err, want)
		}
	}
}

func TestALineWithoutEndIsCutAndTheRestGoesOn(t *testing.T) {
	_, rows := readAll(t, "a,b\n1,"+strings.Repeat("x", 3*maxLine)+"\n3,4\n", Dialect{})
	if len(rows) != 2 || rows[0].Faults[0] != "the line is longer than 1048576 bytes" || len(rows[0].Cells[0]) != maxLine {
		t.Errorf("the long line: %d rows, faults %v", len(rows), rows[0].Faults)
	}
	if diff := cmp.Diff(Row{Line: 3, Cells: []string{"3", "4"}}, rows[1]); diff != "" {
		t.Error(diff)
	}
}

func TestAFileWithoutAUsableHeaderIsRefused(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"empty":         {"\n \n", "the file is empty; its first line must name the columns"},
		"only a mark":   {"sep=;\n", "the file is empty; its first line must name the columns"},
		"no names":      {" ,\"\"\n1,2\n", "line 1, the header, names no columns"},
		"UTF-16":        {"\xff\xfea\x00,\x00b\x00\n\x00", "the file is not UTF-8 but probably UTF-16; save it as UTF-8"},
		"not UTF-8":     {"Stra\xdfe,b\n", `line 1, the header: is not UTF-8 (byte 0xDF behind "Stra"); save the file as UTF-8 or name its encoding in the map`},
		"CR alone":      {"a,b\r1,2\r3,4\r", "the file's lines end with CR alone, as on an old Macintosh; save it with the line ends of today (LF or CRLF)"},
		"an open quote": {"a,\"b\n1,2\n", "line 1, the header: a quote opens in column 2 and never closes"},
		"a quote amiss": {"\"a\"b,c\n", "line 1, the header: column 1: text follows its closing quote; a quote inside must be doubled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := NewReader(strings.NewReader(tt.file), Dialect{}); err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestRejectedRowsCanBeReadAgain(t *testing.T) {
	dialect := Dialect{Separator: ';', NotBeforeSpace: true}
	header := []string{"name", LineColumn, ReasonsColumn, "note"} // a file that has been rejected before
	cells := []string{"Pavlova; Ltd.", "3", "was too short", " two\nlines \"quoted\""}
	var file bytes.Buffer
	w, err := NewWriter(&file, header, dialect)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(7, []string{"name is too long", "note is odd"}, header, cells), w.Flush()); err != nil {
		t.Fatal(err)
	}
	gotHeader, rows := readAll(t, file.String(), Dialect{NotBeforeSpace: true})
	if diff := cmp.Diff([]string{LineColumn, ReasonsColumn, "name", "note"}, gotHeader); diff != "" {
		t.Error(diff)
	}
	want := []Row{{Line: 2, Cells: []string{"7", "name is too long; note is odd", cells[0], cells[3]}}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

// FuzzReader checks that no file stops the reader, that every line is
// accounted for, and that what encoding/csv reads, we read alike.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a,b\n\"x\"\"y\",\"z\nw\"\n1,\"2\n", "sep=;\na;b\n \"1\";2", "a\n\"\"\n\xff\n", "a,b\r\n1,\"\r\n\"\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		r, err := NewReader(strings.NewReader(file), Dialect{Separator: ','})
		if err != nil {
			return
		}
		var ours [][]string
		clean, last := true, 1
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if row.Line <= last && last != 1 {
				t.Fatalf("line %d is read behind line %d", row.Line, last)
			}
			last = row.Line
			if len(row.Faults) == 0 && len(row.Cells) != len(r.Header()) {
				t.Fatalf("%d cells, %d columns", len(row.Cells), len(r.Header()))
			}
			clean = clean && len(row.Faults) == 0
			ours = append(ours, row.Cells)
		}
		if r.Offset() != int64(len(file)) {
			t.Fatalf("%d of %d bytes read", r.Offset(), len(file))
		}
		theirs, err := csv.NewReader(strings.NewReader(file)).ReadAll()
		if err != nil || !clean || strings.ContainsAny(file, "\uFEFF\uFFFD") || strings.Contains(file, "sep=") {
			return
		}
		var want [][]string
		for _, cells := range theirs {
			if !(Row{Cells: cells}).empty() {
				want = append(want, cells)
			}
		}
		if diff := cmp.Diff(want[1:], ours, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}
