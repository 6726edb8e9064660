package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// program is a script that stands for xrm.
func program(t *testing.T, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "xrm")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAServerIsThereWhenItSaysSo(t *testing.T) {
	t.Setenv("XRM_STORE", "what holds here, and not there")
	xrm := program(t, `mkdir -p "$5"; echo secret >"$5/admin.key"; echo "$XRM_STORE $*" >args
trap 'echo stopped >>args; kill $!; exit 0' TERM
sleep 60 >/dev/null &
echo "xrm is ready after 7 ms"; echo "  GraphQL  http://127.0.0.1:4711/graphql (GraphiQL in a browser)"
wait
`)
	dir := filepath.Join(t.TempDir(), "side")
	s, err := start(t.Context(), xrm, dir, "--store", "memory")
	if err != nil {
		t.Fatal(err)
	}
	if s.url != "http://127.0.0.1:4711" || s.key != "secret" || s.took <= 0 {
		t.Errorf("the server is %+v", s)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	want := " serve --listen 127.0.0.1:0 --data " + dir + "/data --plugins " + dir + "/plugins --store memory\nstopped\n"
	if err != nil || string(args) != want {
		t.Errorf("it was started with %s, %v\nwant %s", args, err, want)
	}
}

func TestOfAServerThatDoesNotStartIsToldWhy(t *testing.T) {
	t.Parallel()
	xrm := program(t, "echo 'there is no store of that name' >&2; exit 1\n")
	if _, err := start(t.Context(), xrm, t.TempDir()); err == nil || !strings.Contains(err.Error(), "does not get ready: there is no store of that name") {
		t.Errorf("start = %v", err)
	}
}

func TestACommitIsBuiltBesideTheWorkingTreeAndLeavesNothing(t *testing.T) {
	repository := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(repository, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git := func(args ...string) string {
		cmd := exec.Command("git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = repository
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	const main = "package main\n\nfunc main() { print(\"VERSION\") }\n"
	write("go.mod", "module example.com/x\n\ngo 1.26\n")
	write("cmd/xrm/main.go", strings.Replace(main, "VERSION", "old", 1))
	git("init", "-q", "-b", "main")
	git("add", ".")
	git("commit", "-q", "-m", "old")
	write("cmd/xrm/main.go", strings.Replace(main, "VERSION", "new", 1))
	t.Chdir(repository)

	dir := t.TempDir()
	built, err := buildBoth(t.Context(), "main", dir)
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{built.base: "old", built.new: "new"} {
		if out, err := exec.Command(file).CombinedOutput(); string(out) != want || err != nil {
			t.Errorf("%s prints %s, %v, want %s", file, out, err, want)
		}
	}
	clean := func(when string) {
		t.Helper()
		if list := git("worktree", "list"); strings.Count(list, "\n") != 1 {
			t.Errorf("%s, these are checked out:\n%s", when, list)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "base*")); len(left) > 0 || err != nil {
			t.Errorf("%s, %v is left, %v", when, left, err)
		}
	}
	clean("at the end")

	write("cmd/xrm/main.go", "package main\n\noops\n")
	git("commit", "-q", "-a", "-m", "oops")
	if _, err := buildBoth(t.Context(), "HEAD", dir); err == nil || !strings.Contains(err.Error(), "main.go:3:1: syntax error") {
		t.Errorf("a commit that cannot be built: %v", err)
	}
	clean("after a failure")
	if _, err := buildBoth(t.Context(), "nothing", dir); err == nil || !strings.HasPrefix(err.Error(), "there is no commit nothing here: ") {
		t.Errorf("a commit that is not there: %v", err)
	}
	half := filepath.Join(dir, "base")
	git("worktree", "add", "-q", "--detach", half, "HEAD")
	if err := os.Remove(filepath.Join(half, ".git")); err != nil {
		t.Fatal(err)
	}
	if err := discard(repository, half); err != nil {
		t.Error(err)
	}
	clean("after Ctrl-C in the middle of a checkout")
}

func TestTheLargeModelIsOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := writeModel(dir, 5); err != nil {
		t.Fatal(err)
	}
	sources := entities.Sources()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, schema.Source{Layer: "site", File: file, Data: text})
	}
	model, err := schema.Load(sources...)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(model.Entity("thing4").Fields); n < 40 {
		t.Errorf("an entity has %d fields, want 40", n)
	}
}
