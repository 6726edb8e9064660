package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
)

// contentItems calls each for the parts of all contents, which others may put and remove
// meanwhile.
func (s *Store) contentItems(each func(core.Item) error) error {
	c := s.contents
	if c.folder == "" {
		return c.memoryItems(each)
	}
	return filepath.WalkDir(c.folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // nothing was uploaded ever, or it is gone meanwhile
		}
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == incomingFolder {
			return fs.SkipDir
		}
		if d.IsDir() || uuid.Validate(d.Name()) != nil {
			return nil
		}
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // nothing was written to it
		return core.ContentParts(d.Name(), file, each)
	})
}

func (c *contents) memoryItems(each func(core.Item) error) error {
	c.mu.Lock()
	all := maps.Clone(c.memory)
	c.mu.Unlock()
	for id, content := range all {
		if err := core.ContentParts(id, bytes.NewReader(content), each); err != nil {
			return err
		}
	}
	return nil
}

// clear removes all contents.
func (c *contents) clear() error {
	if c.folder == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.memory = nil
		return nil
	}
	return os.RemoveAll(c.folder)
}

// restore puts a part behind the one before it. Of a content whose last part does not come
// there is nothing.
func (c *contents) restore(p core.ContentPart) (err error) {
	if c.folder == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.memory == nil {
			c.memory = map[string][]byte{}
		}
		c.memory[p.File] = append(c.memory[p.File], p.Data...)
		return nil
	}
	path, coming := c.at(p.File), c.incoming(p.File)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.MkdirAll(filepath.Dir(coming), 0o700)); err != nil {
		return err
	}
	file, err := os.OpenFile(coming, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(p.Data)
	if err == nil && p.End {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil || !p.End {
		return err
	}
	return errors.Join(os.Rename(coming, path), c.settle(path))
}
