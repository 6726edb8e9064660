package pluginhost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// runDir holds the sockets. Nobody but the owner may enter it.
type runDir struct {
	path string
	ours bool // made here, so removed in the end
}

// maxRunDir leaves room for the 38 bytes that go-plugin adds to the 107 that a
// unix socket's path may have.
const maxRunDir = 107 - 38

func openRunDir(path string) (*runDir, error) {
	d := &runDir{path: path}
	var err error
	if path == "" {
		sweep()
		d.ours = true
		d.path, err = os.MkdirTemp("", fmt.Sprintf("xrm-%d-", os.Getpid()))
	} else if err = os.MkdirAll(path, 0o700); err == nil {
		err = os.Chmod(path, 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("make the directory for plugin sockets: %w", err)
	}
	if len(d.path) > maxRunDir {
		return nil, errors.Join(fmt.Errorf("the directory for plugin sockets, %s, has %d bytes; a socket's path is limited, so it may have at most %d: set TMPDIR to a shorter one", d.path, len(d.path), maxRunDir), d.close())
	}
	return d, nil
}

func (d *runDir) close() error {
	if !d.ours {
		return nil
	}
	if err := remove(d.path); err != nil {
		return fmt.Errorf("remove the directory for plugin sockets: %w", err)
	}
	return nil
}

// sweep ends and removes what hosts have left behind that were killed.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "xrm-*-*"))
	for _, dir := range left {
		number, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), "xrm-"), "-")
		pid, err := strconv.Atoi(number)
		if err == nil && pid > 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			endLeft(dir)
			_ = remove(dir) // somebody else's cannot be removed, and need not be
		}
	}
}

// remove removes a folder that a plugin had open: it may have closed folders in it
// to their owner, who is the plugin's as well as ours.
func remove(dir string) error {
	if os.RemoveAll(dir) == nil {
		return nil
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700) // before it is read
		}
		return nil
	})
	return os.RemoveAll(dir)
}
