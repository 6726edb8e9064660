package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// pack writes a folder into an archive and returns its SHA-256. All files get
// the same time, no owner, and a mode that says only whether they can be
// executed.
func pack(folder, archive string, at time.Time) (sum []byte, err error) {
	file, err := os.Create(archive)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	zipped := gzip.NewWriter(io.MultiWriter(file, hash))
	packed := tar.NewWriter(zipped)
	err = filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error { // in lexical order
		if err != nil || entry.IsDir() {
			return err
		}
		within, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		return add(packed, name, path.Join(filepath.Base(folder), filepath.ToSlash(within)), at)
	})
	err = errors.Join(err, packed.Close(), zipped.Close())
	return hash.Sum(nil), err
}

func add(to *tar.Writer, file, name string, at time.Time) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(text)), ModTime: at, Format: tar.FormatPAX}
	if info.Mode()&0o111 != 0 {
		header.Mode = 0o755
	}
	if err := to.WriteHeader(header); err != nil {
		return err
	}
	_, err = to.Write(text)
	return err
}
