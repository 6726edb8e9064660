package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/openxrm/xrm/core"
)

// Format is the version of the form of the file. A change that an earlier program
// would not understand, such as another kind of items, is another format.
const Format = 2

const (
	// maxLine is how many bytes a line may have: more than any record, and few
	// enough for a broken file not to fill the memory.
	maxLine = 64 << 20

	// maxWindow bounds what a file can ask of whoever unpacks it, in bytes.
	maxWindow = 8 << 20
)

// Header says where a backup comes from.
type Header struct {
	Format  int       `json:"format"`
	Version string    `json:"version"` // of the program that made it
	Store   string    `json:"store"`   // "sqlite" or "mongodb"
	MadeAt  time.Time `json:"madeAt"`  // when it began
}

// Contents says what a backup has.
type Contents struct {
	Position int64                   `json:"position"` // in the journal: everything up to here, and nothing behind it
	Lines    int64                   `json:"lines"`
	Counts   map[core.ItemKind]int64 `json:"counts"` // lines of each kind; of a record that was changed meanwhile there are several
}

// writer writes the lines of a backup.
type writer struct {
	packed   *zstd.Encoder
	sum      hash.Hash
	line     bytes.Buffer
	json     *json.Encoder
	contents Contents
	progress func(items int64)
}

func newWriter(out io.Writer, h Header, progress func(int64)) (*writer, error) {
	packed, err := zstd.NewWriter(out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, err
	}
	w := &writer{packed: packed, sum: sha256.New(), contents: Contents{Counts: map[core.ItemKind]int64{}}, progress: progress}
	w.json = json.NewEncoder(&w.line)
	w.json.SetEscapeHTML(false)
	return w, w.write(line{Header: &h})
}

func (w *writer) write(l line) error {
	w.line.Reset()
	if err := w.json.Encode(l); err != nil {
		return err
	}
	w.sum.Write(w.line.Bytes())
	_, err := w.packed.Write(w.line.Bytes())
	return err
}

func (w *writer) item(i core.Item) error {
	if err := w.write(lineOf(i)); err != nil {
		return fmt.Errorf("write a %s: %w", i.Kind(), err)
	}
	w.contents.Lines++
	w.contents.Counts[i.Kind()]++
	if w.progress != nil && w.contents.Lines%1000 == 0 {
		w.progress(w.contents.Lines)
	}
	return nil
}

// end writes what is in the file, and the checksum.
func (w *writer) end(position int64) (Contents, error) {
	w.contents.Position = position
	err := w.write(line{End: &w.contents})
	if err == nil {
		err = w.write(line{SHA256: hex.EncodeToString(w.sum.Sum(nil))})
	}
	return w.contents, errors.Join(err, w.packed.Close())
}

// reader reads the lines of a backup.
type reader struct {
	in    *bufio.Reader
	sum   hash.Hash
	lines int64
}

// newReader reads the header as well.
func newReader(unpacked io.Reader) (*reader, Header, error) {
	r := &reader{in: bufio.NewReaderSize(unpacked, 1<<20), sum: sha256.New()}
	first, err := r.next()
	switch {
	case err != nil:
		return nil, Header{}, fmt.Errorf("it is no backup of xrm, or not the beginning of one: %w", err)
	case first.Header == nil:
		return nil, Header{}, errors.New("it is no backup of xrm: it does not begin like one")
	case first.Header.Format > Format:
		return nil, Header{}, fmt.Errorf("it was made by a newer xrm, %s, in the format %d; this one reads up to %d: restore it with that version or a later one", first.Header.Version, first.Header.Format, Format)
	case first.Header.Format < 1:
		return nil, Header{}, errors.New("it is no backup of xrm: its format has no number")
	}
	return r, *first.Header, nil
}

// unpack reads what is compressed.
func unpack(in io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxLine))
}

// next reads a line, which is part of the checksum unless it is the checksum.
func (r *reader) next() (line, error) {
	text, err := r.text()
	if err != nil {
		return line{}, err
	}
	r.lines++
	l, err := parse(text)
	if err != nil {
		return line{}, fmt.Errorf("line %d: %w", r.lines, err)
	}
	if l.SHA256 == "" {
		r.sum.Write(text)
	}
	return l, nil
}

// errShort is the end of a file before the end of the backup.
var errShort = errors.New("it ends in the middle")

func (r *reader) text() ([]byte, error) {
	var text []byte
	for {
		part, err := r.in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case err == nil:
			return text, nil
		case len(text) > maxLine:
			return nil, fmt.Errorf("line %d has more than %d bytes", r.lines+1, maxLine)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errShort
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("it is damaged behind line %d: %w", r.lines, err)
		}
	}
}

// all calls each for every item, and wants the file to be whole and what its end
// says.
func (r *reader) all(each func(core.Item) error) (Contents, error) {
	seen := Contents{Counts: map[core.ItemKind]int64{}}
	for {
		l, err := r.next()
		if err != nil {
			return seen, err
		}
		if l.End != nil {
			return r.end(seen, *l.End)
		}
		i := l.item()
		if i.Kind() == "" {
			return seen, fmt.Errorf("line %d is not where it belongs", r.lines)
		}
		if i.Entry != nil {
			if seen.Position++; i.Entry.Position != seen.Position {
				return seen, fmt.Errorf("line %d: the journal goes from %d to %d", r.lines, seen.Position-1, i.Entry.Position)
			}
		}
		seen.Lines++
		seen.Counts[i.Kind()]++
		if err := each(i); err != nil {
			return seen, err
		}
	}
}

func (r *reader) end(seen, said Contents) (Contents, error) {
	sum := hex.EncodeToString(r.sum.Sum(nil))
	last, err := r.next()
	switch {
	case err != nil:
		return seen, err
	case last.SHA256 != sum:
		return seen, errors.New("its checksum is another one: it was changed after it was made")
	case said.Lines != seen.Lines || said.Position != seen.Position:
		return seen, fmt.Errorf("it has %d lines up to position %d, and should have %d up to %d", seen.Lines, seen.Position, said.Lines, said.Position)
	}
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
		return seen, errors.New("there is something behind its end")
	}
	return said, nil
}
