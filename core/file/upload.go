package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/sdk/contract/upload"
)

// TooLarge is why an upload is refused that has more bytes than one may have.
type TooLarge struct{ MaxSize int64 }

// Error completes "the file …".
func (e TooLarge) Error() string { return fmt.Sprintf("has more than %d bytes", e.MaxSize) }

// Said is what whoever sends a file says of it.
type Said struct {
	Name   string
	Size   int64  // in bytes; 0 or less where it is not known. What is too large is refused before it comes
	SHA256 string // in hexadecimal digits, which the content has to have; "" where nobody says
}

// MayUpload refuses whoever may write no field for files: what he uploads nobody could
// take.
func MayUpload(on record.Basis, a core.Actor) error {
	for _, e := range on.Model.Entities() {
		for _, path := range e.FilePaths() {
			if on.Policy.Allows(on.Model, a, e, core.Created, path) || on.Policy.Allows(on.Model, a, e, core.Updated, path) {
				return nil
			}
		}
	}
	return &core.Error{Code: core.Forbidden, Message: "Nothing was uploaded: you may not write any field for files. Ask an administrator for a role that lets you."}
}

// Upload keeps a file until a record takes it, for a day. The same content under the
// same name, from the same actor, is the same file for that day: who did not hear the
// answer sends it again.
//
// A content that is too large is Invalid with TooLarge as its cause. The error of the
// reader is the cause of another Invalid one.
func (s *Service) Upload(ctx context.Context, by core.Actor, said Said, content io.Reader) (core.File, error) {
	name := upload.Name(said.Name)
	switch {
	case name == "":
		return core.File{}, core.Refused(upload.NoName())
	case said.Size > s.MaxSize:
		return core.File{}, s.tooLarge()
	}
	id := s.NewID()
	l := loose{Stage: coming, File: core.File{ID: id, Name: name}, By: by.ID, At: s.Now()}
	if err := s.keep(ctx, l, 0); err != nil {
		return core.File{}, err
	}
	f, err := s.store(ctx, l.File, content)
	if err == nil && said.SHA256 != "" && said.SHA256 != f.SHA256 {
		err = &core.Error{Code: core.Invalid, Message: fmt.Sprintf("Nothing was uploaded: the checksum (SHA-256) of what came is %s, not %s. Send the file again.", f.SHA256, said.SHA256)}
	}
	if err == nil {
		l.File = f
		return s.settle(ctx, l)
	}
	s.giveUp(ctx, id)
	return core.File{}, err
}

// store streams the content to where it stays, and sees what it is on the way.
func (s *Service) store(ctx context.Context, f core.File, content io.Reader) (core.File, error) {
	source := &source{from: content, left: s.MaxSize}
	sum, beginning := sha256.New(), &upload.Beginning{}
	size, err := s.Store.PutContent(ctx, f.ID, io.TeeReader(source, io.MultiWriter(sum, beginning)))
	switch large := (TooLarge{}); {
	case errors.As(source.err, &large):
		return f, s.tooLarge()
	case source.err != nil:
		return f, &core.Error{Code: core.Invalid, Message: "Nothing was uploaded: the file did not come whole. Send it again.", Cause: source.err}
	case err != nil:
		return f, err
	case size != source.read:
		return f, fmt.Errorf("store the file %s: %d of %d bytes are there", f.ID, size, source.read)
	}
	f.Size, f.SHA256, f.MediaType = size, hex.EncodeToString(sum.Sum(nil)), beginning.MediaType()
	return f, nil
}

func (s *Service) tooLarge() error {
	return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("Nothing was uploaded: the file has more than %d bytes, which is as much as this server takes (limits.fileBytes).", s.MaxSize), Cause: TooLarge{s.MaxSize}}
}

// settle lets the file be taken. If it is there already, that one is the answer.
func (s *Service) settle(ctx context.Context, l loose) (core.File, error) {
	id := l.File.ID
	same := sameKey(l)
	first, err := s.first(ctx, same, id)
	if err == nil && first != id {
		there := false
		there, err = s.loosen(ctx, first, func(f *loose, there bool) bool {
			if there && f.Stage == whole && sameKey(*f) == same {
				l.File = f.File
				return true
			}
			return false
		})
		if err == nil && there {
			s.giveUp(ctx, id)
			return l.File, nil
		}
	}
	if err == nil {
		noted := false
		noted, err = s.loosen(ctx, id, func(now *loose, there bool) bool {
			if !there || now.Stage != coming {
				return false
			}
			now.Stage, now.File = whole, l.File
			return true
		})
		if err == nil && noted {
			return l.File, nil
		}
		if err == nil {
			err = &core.Error{Code: core.Unavailable, Message: "Nothing was uploaded: it took more than a day. Send the file again."}
		}
	}
	s.giveUp(ctx, id)
	return core.File{}, err
}

// sameKey is under what it is kept that a file was uploaded: by whom, its name, and what
// is in it.
func sameKey(l loose) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %s", l.By, l.File.Name, l.File.SHA256))
	return "same " + hex.EncodeToString(sum[:])
}

// first notes a file under a key, and returns the id of the one that is noted.
func (s *Service) first(ctx context.Context, key, id string) (string, error) {
	_, err := s.Store.PutState(ctx, Owner, key, []byte(id), 0, s.Now().Add(core.FileKept))
	if core.CodeOf(err) != core.Conflict {
		return id, err
	}
	noted, version, err := s.Store.State(ctx, Owner, key)
	if err != nil || version == 0 {
		return id, err
	}
	if l, _, err := s.note(ctx, string(noted)); err != nil || l.Stage == whole {
		return string(noted), err
	}
	_, err = s.Store.PutState(ctx, Owner, key, []byte(id), version, s.Now().Add(core.FileKept)) // that one is gone
	if core.CodeOf(err) == core.Conflict {
		err = nil // another one was faster, and this one is a file as well
	}
	return id, err
}

// giveUp removes what is there of an upload. What that does not reach, the timer does.
func (s *Service) giveUp(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if l, version, err := s.note(ctx, id); err == nil && version != 0 && l.Stage == coming && s.remove(ctx, l, version) == nil {
		_, _ = s.Store.Cancel(ctx, Owner, id)
	}
}

// source counts what is read, ends what is too much, and remembers whose error it was.
type source struct {
	from       io.Reader
	read, left int64
	err        error
}

func (r *source) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if int64(len(p)) > r.left+1 {
		p = p[:r.left+1] // one more, to see that there is more
	}
	n, err := r.from.Read(p)
	r.read, r.left = r.read+int64(n), r.left-int64(n)
	if r.left < 0 {
		err = TooLarge{r.read + r.left}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}
