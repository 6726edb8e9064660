//go:build unix

package schema_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/openxrm/xrm/schema"
)

func TestWhatIsNoFileIsNotWaitedFor(t *testing.T) {
	for name, tt := range map[string]struct {
		make func(path string) error
		want string
	}{
		"a pipe":             {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "a pipe"},
		"a link to one":      {func(path string) error { return linkToPipe(path) }, "a pipe"},
		"a link to a device": {func(path string) error { return os.Symlink("/dev/zero", path) }, "a device"},
		"a link to a folder": {func(path string) error { return os.Symlink(filepath.Dir(path), path) }, "a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := tt.make(filepath.Join(dir, "pet.yaml")); err != nil {
				t.Fatal(err)
			}
			_, err := schema.ReadSources("site", "entities", os.DirFS(dir))
			want := "read the entity definitions in entities: entities/pet.yaml is no file but " + tt.want + "; take it away, or call it by another ending"
			if err == nil || err.Error() != want {
				t.Errorf("error is\n%v\nwant\n%s", err, want)
			}
		})
	}
}

func linkToPipe(path string) error {
	if err := syscall.Mkfifo(path+"-pipe", 0o600); err != nil {
		return err
	}
	return os.Symlink(path+"-pipe", path)
}

func TestALinkToAFileIsRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "pet"), []byte("entity: pet\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "pet"), filepath.Join(dir, "pet.yaml")); err != nil {
		t.Fatal(err)
	}
	sources, err := schema.ReadSources("site", "entities", os.DirFS(dir))
	if err != nil || len(sources) != 1 || string(sources[0].Data) != "entity: pet\n" {
		t.Errorf("ReadSources = %v, %v", sources, err)
	}
}
