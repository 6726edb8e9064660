package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract/upload"
)

// Find returns what a record says of one of its files, if the actor may see the record and
// the field now. Otherwise it is NotFound, whatever the reason.
func (s *Service) Find(ctx context.Context, by *record.Session, entity, id, file string) (core.File, error) {
	none := core.Refused(upload.NotThere())
	e := by.Model.Entity(entity)
	if e == nil || !e.HasFiles() {
		return core.File{}, none
	}
	found, err := by.Find(ctx, e, core.Query{Filter: record.ByIDs([]string{id}), First: 1})
	switch {
	case core.CodeOf(err) == core.Forbidden, err == nil && len(found) == 0:
		return core.File{}, none
	case err != nil:
		return core.File{}, err
	}
	var f core.File
	e.EachFile(found[0].Values, func(_ string, value any) any {
		if v, is := value.(map[string]any); is {
			if has, ok := schema.FileID(v); ok && has == file {
				f = core.FileOf(v)
			}
		}
		return value
	})
	if f.ID == "" {
		return core.File{}, none
	}
	return f, nil
}

// Open reads a file. It opens the content when something is read, where that is.
func (s *Service) Open(ctx context.Context, f core.File) *Reader {
	return &Reader{ctx: ctx, contents: s.Store, file: f}
}

// Reader reads a file from any place. Who reads it from its beginning gets its end only if
// the checksum is the one that it was uploaded with.
type Reader struct {
	ctx      context.Context //nolint:containedctx // io.Reader has no other place for it
	contents Contents
	file     core.File
	at       int64
	open     io.ReadCloser
	sum      hash.Hash // of all up to here; nil after a jump
	err      error
}

var _ io.ReadSeekCloser = (*Reader)(nil)

// Check says whether the content is there, before anything of it is read.
func (r *Reader) Check() (err error) {
	if r.open == nil {
		r.open, err = r.contents.OpenContent(r.ctx, r.file.ID, r.at)
	}
	return err
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (n int, err error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.at >= r.file.Size {
		return 0, io.EOF
	}
	if n, err = r.read(p); err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

func (r *Reader) read(p []byte) (n int, err error) {
	if err := r.Check(); err != nil {
		return 0, err
	}
	if r.at == 0 {
		r.sum = sha256.New()
	}
	n, err = r.open.Read(p)
	r.at += int64(n)
	if errors.Is(err, io.EOF) && r.at < r.file.Size {
		err = io.ErrUnexpectedEOF
	}
	if r.sum == nil {
		return n, err
	}
	r.sum.Write(p[:n])
	if r.at >= r.file.Size && hex.EncodeToString(r.sum.Sum(nil)) != r.file.SHA256 {
		return 0, fmt.Errorf("the content of the file %s is damaged: its checksum is another one", r.file.ID)
	}
	return n, err
}

// Err is why the file could not be read to where it was to be read; nil where it could.
func (r *Reader) Err() error { return r.err }

// Seek implements io.Seeker.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.file.Size
	}
	if offset < 0 {
		return r.at, errors.New("seek to before the beginning of a file")
	}
	if offset != r.at {
		err := r.Close()
		r.at, r.sum = offset, nil
		return offset, err
	}
	return offset, nil
}

// Close implements io.Closer.
func (r *Reader) Close() error {
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	return err
}
