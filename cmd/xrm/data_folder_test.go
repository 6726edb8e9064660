package main

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheDataFolderIsForItsUserAlone(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	outside := filepath.Join(t.TempDir(), "outside")
	for _, folder := range []string{"plugins/state/fax/spool", "plugins/installed/fax/1234", "secrets/fax", "backup"} {
		if err := os.MkdirAll(filepath.Join(data, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	files := []string{"xrm.db", "xrm.db-wal", "admin.key", "plugins/fax.description", "plugins/state/fax/spool/page", "plugins/installed/fax/1234/fax", "secrets/fax/key", "backup/dump"}
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(data, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(data, "secrets", "fax", "linked")); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]fs.FileMode{
		"plugins/installed/fax/1234/fax": 0o755, "xrm.db-wal": 0o600, "admin.key": 0o444, "plugins": 0, "": 0,
	} {
		if err := os.Chmod(filepath.Join(data, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	closeFolder(data, slog.New(slog.NewTextHandler(&log, nil)))
	want := map[string]fs.FileMode{
		".": 0o700, "admin.key": 0o600, "xrm.db": 0o600, "xrm.db-wal": 0o600, "plugins": 0o700, "plugins/fax.description": 0o600,
		"plugins/state": 0o700, "plugins/state/fax": 0o700, "plugins/state/fax/spool": 0o755, "plugins/state/fax/spool/page": 0o644,
		"plugins/installed": 0o700, "plugins/installed/fax": 0o700, "plugins/installed/fax/1234": 0o755, "plugins/installed/fax/1234/fax": 0o755,
		"secrets": 0o700, "secrets/fax": 0o700, "secrets/fax/key": 0o600, "backup": 0o755, "backup/dump": 0o644,
	}
	if diff := cmp.Diff(want, modes(t, data)); diff != "" {
		t.Errorf("the permissions (-want +got):\n%s", diff)
	}
	if info, err := os.Stat(outside); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("what a link leads to is %v, %v; want it left alone", info.Mode(), err)
	}
	const told = `msg="permissions in the data folder were wrong, and are put right: it is for the server's user alone" folder=DATA ` +
		`were="[. 0000 admin.key 0444 plugins 0000 plugins/fax.description 0644 plugins/installed 0755 plugins/installed/fax 0755 plugins/state 0755 plugins/state/fax 0755 secrets 0755 secrets/fax 0755 secrets/fax/key 0644 xrm.db 0644]"`
	if got := strings.ReplaceAll(log.String(), data, "DATA"); !strings.HasSuffix(got, told+"\n") {
		t.Errorf("the log is\n%swant\n%s", got, told)
	}
	log.Reset()
	closeFolder(data, slog.New(slog.NewTextHandler(&log, nil)))
	closeFolder(filepath.Join(data, "none"), slog.New(slog.NewTextHandler(&log, nil)))
	if log.Len() > 0 {
		t.Errorf("when all is as it should be, the log is\n%s", log.String())
	}
}

// modes are the permissions of all files and folders in a folder.
func modes(t *testing.T, dir string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode()&fs.ModeSymlink == 0 {
			found[name] = info.Mode().Perm()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAServerClosesItsDataFolder(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	spawn(t, data, nil).ready().stop()
	for path, mode := range map[string]fs.FileMode{"": 0o755, "admin.key": 0o644, "xrm.db": 0o666} {
		if err := os.Chmod(filepath.Join(data, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	p := spawn(t, data, nil).ready()
	for name, mode := range modes(t, data) {
		if mode != ownFile && mode != ownFolder {
			t.Errorf("%s is %04o", name, mode)
		}
	}
	p.await(p.log, `permissions in the data folder were wrong.* were="\[\. 0755 admin\.key 0644 .*xrm\.db 0666\]"`)
}
