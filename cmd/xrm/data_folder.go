package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strings"
)

// closeFolder sees to it that the data folder, and all that we keep in it, is for
// the server's user alone: folders 0700, files 0600. The log is told what was not,
// and what belongs to somebody else and so stays open to others.
func closeFolder(data string, log *slog.Logger) {
	var f closing
	if info, err := os.Stat(data); err == nil && info.Mode().Perm() != ownFolder { // before it is opened, which may need it
		f.note(".", info.Mode(), os.Chmod(data, ownFolder))
	}
	root, err := os.OpenRoot(data)
	if err != nil {
		return // there is none yet, or whoever opens a file in it says why that fails
	}
	defer func() { _ = root.Close() }() // nothing was written to it
	f.root = root
	_ = fs.WalkDir(root.FS(), ".", f.visit) // visit goes on whatever happens
	if len(f.changed) > 0 {
		log.Warn("permissions in the data folder were wrong, and are put right: it is for the server's user alone", "folder", data, "were", f.changed)
	}
	if len(f.open) > 0 {
		log.Warn("others may read or change what is in the data folder, and it is not ours to put right: see who owns it, and take their permissions away", "folder", data, "are", f.open)
	}
}

const (
	ownFolder fs.FileMode = 0o700
	ownFile   fs.FileMode = 0o600
)

// closing notes what it finds, as "admin.key 0644".
type closing struct {
	root          *os.Root
	changed, open []string
}

func (c *closing) visit(name string, d fs.DirEntry, err error) error {
	if err != nil || name == "." {
		return nil
	}
	parts := strings.Split(name, "/")
	if parts[0] == "xrm.files" && len(parts) > 1 {
		return skip(d) // there may be many, and the folder around them is closed
	}
	if !ours(parts[0]) {
		return skip(d)
	}
	info, err := d.Info()
	if err != nil || !d.IsDir() && !info.Mode().IsRegular() { // gone by now, or a link, which leads elsewhere
		return nil
	}
	wanted := ownFile
	if d.IsDir() {
		wanted = ownFolder
	}
	if info.Mode().Perm() != wanted {
		c.note(name, info.Mode(), c.root.Chmod(name, wanted))
	}
	// What a plugin keeps and what it runs from have the modes that it needs, within
	// folders that are closed.
	if len(parts) == 3 && (path.Dir(name) == "plugins/state" || path.Dir(name) == "plugins/installed") {
		return skip(d)
	}
	return nil
}

// ours says whether something in the data folder was put there by us, or for us.
func ours(name string) bool {
	return slices.Contains([]string{"admin.key", "plugins", "secrets"}, name) || strings.HasPrefix(name, "xrm.db") || name == "xrm.files"
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func (c *closing) note(name string, was fs.FileMode, err error) {
	line := fmt.Sprintf("%s %04o", name, was.Perm())
	switch {
	case err == nil:
		c.changed = append(c.changed, line)
	case !errors.Is(err, fs.ErrNotExist) && was.Perm()&0o007 != 0: // a group may be wanted by whoever owns it
		c.open = append(c.open, line)
	}
}
