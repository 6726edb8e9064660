package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var day = time.Date(2027, 3, 14, 15, 9, 26, 0, time.UTC)

// project has a changelog and changes, by the names of their files.
func project(t *testing.T, changelog string, changes map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	folder := filepath.Join(root, ".changes", "unreleased")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	changes[".gitkeep"] = ""
	for name, text := range changes {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(root, "CHANGELOG.md"), []byte(changelog), 0o600); err != nil {
		t.Fatal(err)
	}
	return root
}

func read(t *testing.T, root string) (changelog string, left []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, ".changes", "unreleased", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		left = append(left, filepath.Base(file))
	}
	return string(text), left
}

func TestChangesBecomeTheFirstSection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ before, after string }{
		"of none": {
			"# Changelog\n\nThe newest is on top.\n",
			"# Changelog\n\nThe newest is on top.\n\n## v0.2.0, 2027-03-14\n\n- A was wrong. It is right.\n\n  So is `a`.\n- B was slow\n  and is fast.\n",
		},
		"of several": {
			"# Changelog\n\nThe newest is on top.\n\n## v0.1.0, 2027-01-01\n\n- The first.\n",
			"# Changelog\n\nThe newest is on top.\n\n## v0.2.0, 2027-03-14\n\n- A was wrong. It is right.\n\n  So is `a`.\n- B was slow\n  and is fast.\n\n## v0.1.0, 2027-01-01\n\n- The first.\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := project(t, tt.before, map[string]string{"b-speed.md": "B was slow\nand is fast.\n", "a.md": "A was wrong. It is right.\n\nSo is `a`.\n"})
			if err := fold(root, "v0.2.0", day); err != nil {
				t.Fatal(err)
			}
			got, left := read(t, root)
			if diff := cmp.Diff(tt.after, got); diff != "" {
				t.Errorf("CHANGELOG.md:\n%s", diff)
			}
			if len(left) > 0 {
				t.Errorf("%v is still there", left)
			}
		})
	}
}

func TestWhatIsNotInOrderIsNotFolded(t *testing.T) {
	t.Parallel()
	good := map[string]string{"a.md": "A was wrong. It is right.\n"}
	tests := map[string]struct {
		version string
		changes map[string]string
		want    string
	}{
		"no version":        {"0.2.0", good, `"0.2.0" is no version; write it as it will be tagged: make changelog VERSION=v1.2.3`},
		"a version twice":   {"v0.1.0", good, "CHANGELOG.md has a section v0.1.0 already; name the next version"},
		"nothing to fold":   {"v0.2.0", map[string]string{}, "nothing is in .changes/unreleased: there is nothing to release, or it is in CHANGELOG.md already"},
		"an empty file":     {"v0.2.0", map[string]string{"a.md": "\n"}, "DIR/a.md: it is empty; say what was wrong and what is now"},
		"a heading":         {"v0.2.0", map[string]string{"a.md": "A.\n# B\n"}, "DIR/a.md: line 2 is a heading; a change is an item in a list"},
		"a list":            {"v0.2.0", map[string]string{"a.md": "- A.\n"}, "DIR/a.md: it is written as a list; make changelog makes the item"},
		"a space":           {"v0.2.0", map[string]string{"a.md": "A. \n"}, "DIR/a.md: line 1 ends with a space"},
		"a long line":       {"v0.2.0", map[string]string{"a.md": strings.Repeat("ä", widest+1)}, "DIR/a.md: line 1 is longer than 140 characters; break it"},
		"several at a time": {"v0.2.0", map[string]string{"A b.md": "A.\n", "b.md": ""}, "DIR/A b.md: name it for the change, in lower-case letters, digits and hyphens: plugin-build.md\nDIR/b.md: it is empty; say what was wrong and what is now"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const before = "# Changelog\n\n## v0.1.0, 2027-01-01\n\n- The first.\n"
			changes := map[string]string{}
			for name, text := range tt.changes {
				changes[name] = text
			}
			root := project(t, before, changes)
			err := fold(root, tt.version, day)
			if want := strings.ReplaceAll(tt.want, "DIR", filepath.Join(root, ".changes", "unreleased")); err == nil || err.Error() != want {
				t.Errorf("fold = %v\nwant %s", err, want)
			}
			got, left := read(t, root)
			if got != before || len(left) != len(tt.changes) {
				t.Errorf("all the same it left %v and\n%s", left, got)
			}
		})
	}
}

func TestTheChangesOfThisProjectAreInOrder(t *testing.T) {
	t.Parallel()
	if _, err := readChanges("../../../.changes/unreleased"); err != nil {
		t.Error(err)
	}
}
