package pluginhost

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

// folderFile is a file or link in a plugin's folder.
type folderFile struct {
	path string // relative, with slashes
	mode fs.FileMode
	link string // where a link within the folder leads; "" for content
}

// How much a plugin's folder may hold, and how many files.
const (
	maxFolder = 2 << 30
	maxFiles  = 100_000
)

// listFolder lists what belongs to a plugin. A link that leads out of the
// folder counts as the file that it leads to.
func listFolder(dir string) ([]folderFile, error) {
	var list []folderFile
	var size int64
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if len(list) == maxFiles {
			return fmt.Errorf("%s holds more than %d files", dir, maxFiles)
		}
		f := folderFile{path: filepath.ToSlash(relative)}
		if entry.Type()&fs.ModeSymlink != 0 {
			if f.link, err = linkWithin(dir, path); err != nil || f.link != "" {
				list = append(list, f)
				return err
			}
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no file; a plugin's folder holds files, and links within it", path)
		}
		if size += info.Size(); size > maxFolder {
			return fmt.Errorf("%s holds more than %d MiB", dir, maxFolder>>20)
		}
		f.mode = info.Mode().Perm()
		list = append(list, f)
		return nil
	})
	return list, err
}

// linkWithin returns the target of a link that stays within the folder.
func linkWithin(dir, path string) (string, error) {
	target, err := os.Readlink(path)
	if err != nil {
		return "", err
	}
	from, err := filepath.Rel(dir, filepath.Dir(path))
	if err != nil || filepath.IsAbs(target) || !filepath.IsLocal(filepath.Join(from, target)) {
		return "", err
	}
	return target, nil
}

// digest is one value for all names and contents of a folder.
func digest(dir string) (string, error) {
	list, err := listFolder(dir)
	if err != nil {
		return "", err
	}
	links := map[string]string{}
	names := make([]string, len(list))
	for i, f := range list {
		names[i], links[f.path] = f.path, f.link
	}
	return dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		if link := links[name]; link != "" {
			return io.NopCloser(strings.NewReader("link to " + link)), nil
		}
		return openFile(filepath.Join(dir, filepath.FromSlash(name)))
	})
}

// fileDigest is what sha256sum prints.
func fileDigest(path string) (string, error) {
	f, err := openFile(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// folderName makes a digest, which is base64, fit for a path.
func folderName(digest string) string { return strings.NewReplacer("/", "_", ":", "-").Replace(digest) }

// short is enough of a digest for people to compare.
func short(digest string) string { return digest[:min(len(digest), 12)] }

// fingerprint changes when a file of the folder does, as far as that can be
// known without reading: it looks at names, sizes and times of the first files,
// those on top first. It is "" when the folder is no plugin.
func fingerprint(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, ManifestFile)); errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	const most = 500
	var b strings.Builder
	for folders, n := []string{dir}, 0; len(folders) > 0 && n < most; folders = folders[1:] {
		entries, _ := os.ReadDir(folders[0]) // one that cannot be read is told when it is verified
		for _, entry := range entries[:min(len(entries), most-n)] {
			path := filepath.Join(folders[0], entry.Name())
			if entry.IsDir() {
				folders = append(folders, path)
			}
			b.WriteString(stamp(path))
			n++
		}
	}
	return b.String()
}

// stamp is what is known of a file without reading it.
func stamp(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return path + " is away\n"
	}
	if info.IsDir() {
		return path + "\n"
	}
	return fmt.Sprintf("%s %d %d %o\n", path, info.Size(), info.ModTime().UnixNano(), info.Mode())
}
