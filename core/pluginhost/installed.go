package pluginhost

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// installed is the folder of copies that plugins run from, NAME/DIGEST. What
// runs is what was verified, whatever becomes of the original meanwhile, and
// the version before is there to go back to.
type installed string

func (i installed) path(name, digest string) string {
	return filepath.Join(string(i), name, folderName(digest))
}

// has says whether there is a copy whose content is as it was.
func (i installed) has(name, wanted string) bool {
	got, err := digest(i.path(name, wanted))
	return err == nil && got == wanted
}

// add copies a folder that had the digest to where path says. It fails when
// the folder has another content by now.
func (i installed) add(name, wanted, from string) (err error) {
	if i.has(name, wanted) {
		return nil
	}
	dir := i.path(name, wanted)
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	temporary, err := os.MkdirTemp(filepath.Dir(dir), ".copy-")
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	if err := copyFolder(from, temporary); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	if got, err := digest(temporary); err != nil || got != wanted {
		return errors.Join(fmt.Errorf("copy %s: it changes while it is read", from), err)
	}
	if err := remove(dir); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	if err := os.Rename(temporary, dir); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

// keep removes all copies of a plugin but those with these digests, and what an
// interrupted copy has left.
func (i installed) keep(name string, digests ...string) {
	entries, _ := os.ReadDir(filepath.Join(string(i), name)) // none, none to remove
	for _, entry := range entries {
		if !slices.ContainsFunc(digests, func(d string) bool { return folderName(d) == entry.Name() }) {
			_ = remove(filepath.Join(string(i), name, entry.Name())) // tried again next time
		}
	}
}

func copyFolder(from, to string) error {
	list, err := listFolder(from)
	if err != nil {
		return err
	}
	for _, f := range list {
		target := filepath.Join(to, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		if f.link != "" {
			err = os.Symlink(f.link, target)
		} else {
			err = copyFile(filepath.Join(from, filepath.FromSlash(f.path)), target, f.mode|0o400)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string, mode fs.FileMode) error {
	source, err := openFile(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
