package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
)

// The contents of files lie beside the database, each in a file of its own that is named
// by its id, in a folder of those whose ids end alike. What comes in lies in a folder
// of its own until it is whole.
const incomingFolder = "incoming"

// Spared is how many bytes of the disk uploads leave to the database at least, unless a
// twentieth of the disk is less.
const Spared = 256 << 20

// contentFolder is where the contents of a database lie: xrm.files for xrm.db.
func contentFolder(database string) string { return strings.TrimSuffix(database, ".db") + ".files" }

// contents are those of one database: in a folder, or in memory.
type contents struct {
	folder string // "" for in memory
	mu     sync.Mutex
	memory map[string][]byte
}

// PutContent stores what a reader gives under an id that no content had before, and
// returns its size. It is there whole when it returns nil, and not at all before.
func (s *Store) PutContent(_ context.Context, id string, from io.Reader) (size int64, err error) {
	if s.contents.folder == "" {
		return s.contents.remember(id, from)
	}
	size, err = s.contents.write(id, from)
	return size, s.contentFailed("store the file "+id, err)
}

// OpenContent reads a content from an offset on. NotFound says that there is none.
func (s *Store) OpenContent(_ context.Context, id string, from int64) (io.ReadCloser, error) {
	if s.contents.folder == "" {
		return s.contents.recall(id, from)
	}
	file, err := os.Open(s.contents.at(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, core.NoContent(id)
	}
	if err == nil {
		_, err = file.Seek(from, io.SeekStart)
	}
	if err != nil {
		return nil, s.contentFailed("open the file "+id, err)
	}
	return file, nil
}

// RemoveContent removes a content, or what is there of one that has not come whole. It
// can be repeated.
func (s *Store) RemoveContent(_ context.Context, id string) error {
	if s.contents.folder == "" {
		s.contents.mu.Lock()
		defer s.contents.mu.Unlock()
		delete(s.contents.memory, id)
		return nil
	}
	for _, path := range []string{s.contents.incoming(id), s.contents.at(id)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.contentFailed("remove the file "+id, err)
		}
	}
	return nil
}

// at is where a content lies. Whoever names it by something that is no id reaches nothing.
func (c *contents) at(id string) string {
	if uuid.Validate(id) != nil || len(id) != 36 {
		return filepath.Join(c.folder, "none", "none")
	}
	return filepath.Join(c.folder, id[len(id)-2:], id)
}

func (c *contents) incoming(id string) string {
	return filepath.Join(c.folder, incomingFolder, filepath.Base(c.at(id)))
}

// write makes a content that survives a loss of power: the file is on the disk before it
// has its name, and the name is before anybody is told.
func (c *contents) write(id string, from io.Reader) (size int64, err error) {
	path, coming := c.at(id), c.incoming(id)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.MkdirAll(filepath.Dir(coming), 0o700)); err != nil {
		return 0, err
	}
	file, err := os.OpenFile(coming, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	size, err = io.Copy(&sparing{file: file}, from)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(coming, path)
	}
	if err != nil {
		return 0, errors.Join(err, os.Remove(coming))
	}
	return size, c.settle(path)
}

// sparing writes to a file until little of the disk is left.
type sparing struct {
	file *os.File
	left int64 // bytes until the disk is looked at
}

func (s *sparing) Write(p []byte) (int, error) {
	if s.left -= int64(len(p)); s.left < 0 {
		free, all := diskOf(s.file)
		if free < min(Spared, all/20) {
			return 0, &core.Error{Code: core.Unavailable, Message: core.DiskFull, Cause: fmt.Errorf("%d of its %d bytes are free, and are left to the database", free, all)}
		}
		s.left = 1 << 20
	}
	return s.file.Write(p)
}

// settle waits until the disk has the name of a file, and of the folders that it is in.
func (c *contents) settle(path string) (err error) {
	for _, folder := range []string{filepath.Dir(path), c.folder, filepath.Dir(c.folder)} {
		opened, failed := os.Open(folder)
		if failed == nil {
			failed = errors.Join(opened.Sync(), opened.Close())
		}
		err = errors.Join(err, failed)
	}
	return err
}

func (c *contents) remember(id string, from io.Reader) (int64, error) {
	content, err := io.ReadAll(from)
	if err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.memory == nil {
		c.memory = map[string][]byte{}
	}
	if _, there := c.memory[id]; there {
		return 0, fmt.Errorf("store the file %s: %w", id, fs.ErrExist)
	}
	c.memory[id] = content
	return int64(len(content)), nil
}

func (c *contents) recall(id string, from int64) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, there := c.memory[id]
	if !there {
		return nil, core.NoContent(id)
	}
	return io.NopCloser(bytes.NewReader(content[min(from, int64(len(content))):])), nil
}

// contentFailed is failed for what the file system says. The error of whoever is read from
// stays as it is.
func (s *Store) contentFailed(what string, err error) error {
	var ours *core.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	var system *fs.PathError
	var link *os.LinkError
	if !errors.As(err, &system) && !errors.As(err, &link) {
		return err
	}
	message := ioFailed
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		message = core.DiskFull
		s.doubtful.Store(true)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		message = readOnly
	}
	return &core.Error{Code: core.Unavailable, Message: message, Cause: fmt.Errorf("%s: %w", what, err)}
}
