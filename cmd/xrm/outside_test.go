package main

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/cmd/xrm/scaffold"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// guide is what the documents of the sdk say about a plugin in a repository of
// its own: the commands for a version that is tagged, and what takes the place of
// go get while none is.
func guide(t *testing.T) (tagged, untagged string) {
	t.Helper()
	files, err := filepath.Glob("../../sdk/*.md")
	if err != nil {
		t.Fatal(err)
	}
	text, found := "", false
	for _, file := range files {
		if _, after, isThere := strings.Cut(read(t, file), "# In a repository of its own\n"); isThere {
			text, found = after, true
		}
	}
	if !found {
		t.Fatal("no document of sdk says how to write a plugin outside")
	}
	tagged, _, end := block(t, text, "sh")
	instead, _, _ := block(t, text[end:], "sh")
	before, get, found := strings.Cut(tagged, "go get ")
	_, after, _ := strings.Cut(get, "\n")
	if !found || strings.Contains(before+instead, "go.sum") {
		t.Fatalf("the guide has no line with go get, or copies go.sum:\n%s%s", tagged, instead)
	}
	return tagged, before + instead + after
}

// outside is a folder with the source of the hello plugin, and the environment
// in which commands there find xrm, the program.
func outside(t *testing.T) (dir string, environ []string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	programs := t.TempDir()
	executable(t, filepath.Join(programs, "xrm"), "export "+asProgram+"=1 GORACE=atexit_sleep_ms=0\nexec '"+self+"' \"$@\"\n")
	dir = t.TempDir()
	for _, name := range []string{"main.go", "plugin.yaml"} {
		write(t, filepath.Join(dir, name), readme(t, "examples/hello-plugin/"+name))
	}
	return dir, append(os.Environ(), "PATH="+programs+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// sh runs commands and fails the test when one does.
func sh(t *testing.T, dir string, environ []string, commands string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", commands)
	cmd.Dir, cmd.Env = dir, environ
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", commands, err, out)
	}
}

func TestAPluginOutsideTheRepositoryIsBuiltAsTheGuideSays(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	_, commands := guide(t)
	dir, environ := outside(t)
	plugins := t.TempDir()
	sh(t, dir, environ, strings.NewReplacer("../xrm/bin/xrm", "xrm", "../xrm/bin/plugins", plugins, "../xrm", root).Replace(commands))
	greets(t, plugins)
}

func TestAPluginOutsideTheRepositoryNeedsGoGetAloneOnceAVersionIsTagged(t *testing.T) {
	t.Parallel()
	dir, environ := outside(t)
	environ = append(environ, published(t, "v0.1.0")...)
	plugins := t.TempDir()
	commands, _ := guide(t)
	sh(t, dir, environ, strings.NewReplacer("../xrm/bin/xrm", "xrm", "../xrm/bin/plugins", plugins).Replace(commands))
	requires(t, filepath.Join(plugins, "hello", "hello"), "v0.1.0")
}

// requires wants a program to be built with a version of xrm.
func requires(t *testing.T, program, version string) {
	t.Helper()
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	for _, dependency := range info.Deps {
		if dependency.Path == xrmModule {
			if dependency.Version != version || dependency.Replace != nil {
				t.Errorf("%s is built with %+v, want %s", program, dependency, version)
			}
			return
		}
	}
	t.Errorf("%s is not built with xrm", program)
}

// published makes a version of xrm of as much of what is here as a plugin needs, which go downloads in the
// environment that is returned. Nothing of it gets into the cache of modules
// that others use.
func published(t *testing.T, version string) (environ []string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Skipf("what belongs to xrm, git alone knows: %v", err)
	}
	var all, needed []modzip.File
	for name := range strings.SplitSeq(strings.TrimRight(string(names), "\x00"), "\x00") {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil { // or it was removed, and that is not committed
			all = append(all, sourceFile{root, name})
			if part, _, _ := strings.Cut(name, "/"); part == "go.mod" || part == "sdk" || part == "schema" {
				needed = append(needed, sourceFile{root, name})
			}
		}
	}
	if checked, err := modzip.CheckFiles(all); err != nil || checked.Err() != nil {
		t.Fatalf("xrm is no module that go could download: %v", errors.Join(err, checked.Err()))
	}
	proxy := t.TempDir()
	at := filepath.Join(proxy, xrmModule, "@v")
	write(t, filepath.Join(at, "list"), version+"\n")
	write(t, filepath.Join(at, version+".info"), fmt.Sprintf(`{"Version": %q}`, version))
	write(t, filepath.Join(at, version+".mod"), read(t, "../../go.mod"))
	archive, err := os.Create(filepath.Join(at, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if err := modzip.Create(archive, module.Version{Path: xrmModule, Version: version}, needed); err != nil {
		t.Fatal(err)
	}
	known, err := exec.Command("go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache, others, _ := strings.Cut(strings.TrimSpace(string(known)), "\n")
	return []string{
		"GOPROXY=file://" + proxy + ",file://" + filepath.ToSlash(cache) + "/cache/download," + others,
		"GOMODCACHE=" + t.TempDir(), "GOFLAGS=-modcacherw", "GONOSUMDB=" + xrmModule, "GOWORK=off",
	}
}

// sourceFile is a file of the repository, as it gets into a module.
type sourceFile struct{ root, name string }

func (f sourceFile) Path() string                 { return f.name }
func (f sourceFile) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.name)) }
func (f sourceFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.name)) }

func TestTheVersionOfAPluginsXRMIsThatOfTheProgramIfItWasReleased(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"v0.1.0": true, "v1.2.3-rc.1": true, "(devel)": false, "unknown": false, "v0.1.0+dirty": false,
		"v0.0.0-20261130082132-43dab5d5ac60": false, "v0.1.1-0.20261130082132-43dab5d5ac60+dirty": false,
	} {
		if got := isReleased(version); got != want {
			t.Errorf("isReleased(%s) = %v, want %v", version, got, want)
		}
	}
}

func TestANewPluginRequiresTheVersionThatTheProgramIsOf(t *testing.T) {
	away := t.TempDir()
	t.Chdir(away)
	plugin, err := goPlugin(scaffold.Plugin{Name: "visit", Language: "go"}, "visit", newFlags{}, "v0.1.0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold.Write("visit", plugin); err != nil {
		t.Fatal(err)
	}
	want := "module example.com/visit\n\ngo 1.26.0\n\nrequire github.com/openxrm/xrm v0.1.0\n"
	if got := read(t, filepath.Join(away, "visit", "go.mod")); got != want {
		t.Errorf("go.mod is\n%s\nwant\n%s", got, want)
	}
	_, err = goPlugin(scaffold.Plugin{Name: "visit", Language: "go"}, "visit", newFlags{}, "(devel)")
	if want := "a plugin in Go needs the source of xrm, and you are not in it; say where it lies: xrm plugin new visit --xrm FOLDER"; err == nil || err.Error() != want {
		t.Errorf("of a program that was not released: %v, want %s", err, want)
	}
}
