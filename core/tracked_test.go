package core_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// tracked lists the files of the project, by their paths from its root: what git
// tracks, so that a plugin of somebody who tries it out is none of them. In a copy
// without git it is all that lies there.
func tracked(t *testing.T) (names []string) {
	t.Helper()
	if list, ok := git(t, "ls-files", "-z"); ok {
		for name := range strings.SplitSeq(list, "\x00") {
			if _, err := os.Stat(path.Join("..", name)); err == nil && name != "" {
				names = append(names, name)
			}
		}
		return names
	}
	built := []string{".git", "bin", "data", "dist", "node_modules"}
	err := fs.WalkDir(os.DirFS(".."), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
			names = append(names, name)
		case slices.Contains(built, entry.Name()) && name != "core/graphql/transport/graphiql/dist":
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// git asks about the repository; ok is false where there is none.
func git(t *testing.T, arguments ...string) (answer string, ok bool) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", arguments...)
	command.Dir = ".."
	out, err := command.Output()
	return string(out), err == nil
}

func TestNothingIsTrackedThatIsIgnored(t *testing.T) {
	t.Parallel()
	built, ok := git(t, "ls-files", "--cached", "--ignored", "--exclude-standard")
	if !ok {
		t.Skip("this is no repository of git")
	}
	if built != "" {
		t.Errorf("these files are built, and must not be committed:\n%s", built)
	}
}
