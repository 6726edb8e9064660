package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// small is a program that does of xrm what a release needs: it says its
// version, and copies a plugin instead of building it.
const small = `package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
)

func main() {
	info, _ := debug.ReadBuildInfo()
	_ = info
	if os.Args[1] == "version" {
		os.Stdout.WriteString("xrm " + info.Main.Version + " (go)\n")
		return
	}
	to, from := os.Args[4], os.Args[5]
	text, err := os.ReadFile(filepath.Join(from, "plugin.yaml"))
	if err != nil {
		panic(err)
	}
	to = filepath.Join(to, filepath.Base(from))
	if err := os.MkdirAll(to, 0o700); err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(to, os.Getenv("GOOS")+"-"+os.Getenv("GOARCH")), text, 0o700); err != nil {
		panic(err)
	}
}
`

// repository is one with that program and a plugin. git runs git in it.
func repository(t *testing.T) (root string, git func(args ...string)) {
	t.Helper()
	root = t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/x\n\ngo 1.26\n", "cmd/xrm/main.go": small, "plugins/bell/plugin.yaml": "name: bell\n",
		"plugins/README.md": "Plugins.\n", "LICENSE": "Free.\n", "NOTICE": "With others.\n", "README.md": "Small.\n", "CHANGELOG.md": "New.\n", ".gitignore": "/dist/\n",
	} {
		write(t, filepath.Join(root, name), text)
	}
	git = func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "GIT_COMMITTER_DATE=2027-03-14T15:09:26Z")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	return root, git
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAReleaseHasTheVersionInItAndIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	root, git := repository(t)
	git("tag", "v1.2.3")
	write(t, filepath.Join(root, "LICENSE"), "Not committed.\n")
	earlier := filepath.Join(root, "dist", "xrm-v1.2.2-linux-amd64.tar.gz")
	write(t, earlier, "An earlier release.")
	var out strings.Builder
	r := release{root: root, to: "dist", platforms: []platform{{runtime.GOOS, runtime.GOARCH}}, out: &out}
	if err := r.make(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if _, err := os.Stat(earlier); !os.IsNotExist(err) {
		t.Errorf("an earlier release lies beside this one: %v", err)
	}
	name := fmt.Sprintf("xrm-v1.2.3-%s-%s", runtime.GOOS, runtime.GOARCH)
	archive := filepath.Join(root, "dist", name+".tar.gz")
	first, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "dist", "SHA256SUMS"))
	if want := fmt.Sprintf("%x  %s.tar.gz\n", sha256.Sum256(first), name); err != nil || string(sums) != want {
		t.Errorf("SHA256SUMS is %s, %v\nwant %s", sums, err, want)
	}
	if !strings.Contains(out.String(), "These changes are not committed, and not in the release:\nM LICENSE\n") ||
		!strings.HasSuffix(out.String(), "\nxrm v1.2.3 is in dist:\n"+string(sums)) {
		t.Errorf("it says\n%s", out.String())
	}

	list := strings.ReplaceAll(`-rw-r--r-- NAME/CHANGELOG.md
-rw-r--r-- NAME/LICENSE
-rw-r--r-- NAME/NOTICE
-rw-r--r-- NAME/README.md
-rwxr-xr-x NAME/bin/plugins/bell/GOOS-GOARCH
-rwxr-xr-x NAME/bin/xrm
`, "NAME", name)
	list = strings.ReplaceAll(list, "GOOS-GOARCH", runtime.GOOS+"-"+runtime.GOARCH)
	to := t.TempDir()
	syscall.ForkLock.RLock() // a child that was forked meanwhile would have the program open, and it could not be run
	unpacked := unpack(t, archive, to)
	syscall.ForkLock.RUnlock()
	if diff := cmp.Diff(list, unpacked); diff != "" {
		t.Errorf("what is in it:\n%s", diff)
	}
	said, err := exec.Command(filepath.Join(to, name, "bin", "xrm"), "version").Output()
	if err != nil || string(said) != "xrm v1.2.3 (go)\n" {
		t.Errorf("the program that was released says %s, %v", said, err)
	}
	if text, err := os.ReadFile(filepath.Join(to, name, "LICENSE")); err != nil || string(text) != "Free.\n" {
		t.Errorf("its license is %s, %v", text, err)
	}

	if err := r.make(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(archive); err != nil || string(again) != string(first) {
		t.Errorf("made again, it is another archive, %v", err)
	}
}

// unpack lists what is in an archive, and wants every file to be of the time of
// the commit.
func unpack(t *testing.T, archive, to string) (list string) {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for packed := tar.NewReader(zipped); ; {
		header, err := packed.Next()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		if at := time.Date(2027, 3, 14, 15, 9, 26, 0, time.UTC); !header.ModTime.Equal(at) {
			t.Errorf("%s is of %s, want %s", header.Name, header.ModTime, at)
		}
		list += fmt.Sprintf("%s %s\n", header.FileInfo().Mode(), header.Name)
		text, err := io.ReadAll(packed)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(to, header.Name), string(text))
		if err := os.Chmod(filepath.Join(to, header.Name), header.FileInfo().Mode()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACommitBetweenTagsHasAVersionOfItsOwn(t *testing.T) {
	t.Parallel()
	root, git := repository(t)
	git("tag", "v1.2.3")
	git("commit", "-q", "--allow-empty", "-m", "second")
	r := release{root: root, to: "dist", platforms: []platform{{runtime.GOOS, runtime.GOARCH}}, out: io.Discard}
	if err := r.make(t.Context()); err != nil {
		t.Fatal(err)
	}
	if made, err := filepath.Glob(filepath.Join(root, "dist", "xrm-v1.2.4-0.20270314150926-*.tar.gz")); len(made) != 1 || err != nil {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestAProgramThatSaysAnotherVersionIsNotReleased(t *testing.T) {
	t.Parallel()
	root, git := repository(t)
	write(t, filepath.Join(root, "cmd/xrm/main.go"), strings.Replace(small, "info.Main.Version", `"v0.0.1"`, 1))
	git("commit", "-q", "-a", "-m", "second")
	git("tag", "v1.2.3")
	r := release{root: root, to: "dist", platforms: []platform{{runtime.GOOS, runtime.GOARCH}}, out: io.Discard}
	if err := r.make(t.Context()); err == nil || err.Error() != `the program says that it is "xrm v0.0.1 (go)", and not xrm v1.2.3` {
		t.Errorf("make = %v", err)
	}
	if made, err := filepath.Glob(filepath.Join(root, "dist", "*")); len(made) > 0 || err != nil {
		t.Errorf("made %v, %v", made, err)
	}
}
