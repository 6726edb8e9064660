package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsBuiltIsToldToGoListAsWell(t *testing.T) {
	t.Parallel()
	flags, packages := split([]string{"-race", "-shuffle=on", "-timeout=20m", "--tags=x", "-gcflags=m/...=-N", "./core/...", "./sdk"})
	if diff := cmp.Diff([]string{"-race", "--tags=x", "-gcflags=m/...=-N"}, flags); diff != "" {
		t.Errorf("flags:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"./core/...", "./sdk"}, packages); diff != "" {
		t.Errorf("packages:\n%s", diff)
	}
}

func TestTheEndOfGoTestIsTheEnd(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/x\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "good", "good_test.go"), "package good\n\nimport \"testing\"\n\nfunc TestGood(t *testing.T) {}\n")
	t.Chdir(dir)
	var out strings.Builder
	to := &screen{to: &out, width: func() int { return 0 }}
	if err := run([]string{"-shuffle=on", "./..."}, to); err != nil || !strings.Contains(out.String(), "[1/1] ok   good 0.0s, 1 passed\n") || !strings.HasSuffix(out.String(), "\n1 passed, 0 failed, 0 skipped\n") {
		t.Errorf("good tests: %v\n%s", err, out.String())
	}

	write(t, filepath.Join(dir, "bad", "bad_test.go"), "package bad\n\nimport \"testing\"\n\nfunc TestBad(t *testing.T) { t.Error(\"it is bad\") }\n")
	out.Reset()
	err := run([]string{"-shuffle=on", "./..."}, to)
	if failed := new(exec.ExitError); !errors.As(err, &failed) || !strings.Contains(out.String(), "--- FAIL: TestBad\n    bad_test.go:5: it is bad\n") || !strings.HasSuffix(out.String(), "\n1 passed, 1 failed, 0 skipped\n") {
		t.Errorf("a bad test: %v\n%s", err, out.String())
	}
}
