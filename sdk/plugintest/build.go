package plugintest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module is that of xrm.
const module = "github.com/openxrm/xrm"

// findXRM returns the program, or skips the test.
func findXRM(t testing.TB) string {
	t.Helper()
	if named := os.Getenv("XRM_BIN"); named != "" {
		found, err := exec.LookPath(named)
		if err != nil {
			t.Fatalf("XRM_BIN names no program: %v", err)
		}
		return found
	}
	if found, err := exec.LookPath("xrm"); err == nil {
		return found
	}
	ours := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module)
	dir, err := ours.Output()
	root := strings.TrimSpace(string(dir))
	if err != nil || root == "" {
		t.Skip("there is no xrm to run the plugin: put it into PATH, or let XRM_BIN name it")
	}
	return build(t, root, "./cmd/xrm", "xrm")
}

// build builds a program, which takes a moment only where nothing has changed
// since the last time.
func build(t testing.TB, dir, pkg, name string) string {
	t.Helper()
	folder := buildFolder(t, dir)
	program := filepath.Join(folder, name)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOTMPDIR="+folder) // so that a program that runs is replaced and not overwritten
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, said)
	}
	return program
}

// buildFolder is where the programs of a folder are kept from test to test.
func buildFolder(t testing.TB, dir string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	folder := filepath.Join(cache, "xrm-plugintest", fmt.Sprintf("%x", sha256.Sum256([]byte(dir)))[:12])
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return t.TempDir()
	}
	return folder
}
