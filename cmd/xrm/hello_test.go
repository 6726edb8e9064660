package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// readme is a file of the documentation, by its path from the root.
func readme(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shell runs commands of the documentation in a folder.
func shell(t *testing.T, dir, commands string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", commands)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", commands, err, out)
	}
}

// greets wants the server to answer the query of the hello plugin.
func greets(t *testing.T, plugins string) {
	t.Helper()
	query := regexp.MustCompile("Then ask `(.*?)`").FindStringSubmatch(readme(t, "examples/hello-plugin/README.md"))
	if query == nil {
		t.Fatal("the README of the hello plugin has no query")
	}
	succeeds(t, []string{"XRM_PLUGINS=" + plugins}, "plugin", "approve", "hello", "--yes")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins, "--trust", "approved").ready()
	p.pluginProcess("hello")
	p.must(`mutation { createCustomer(data: {kind: organization, displayName: "Futterhaus"}) { customer { id } } }`, nil)
	const want = `{"customers":{"nodes":[{"displayName":"Futterhaus","greeting":"Hello Futterhaus"}]}}`
	if got := p.must(query[1], nil); got != want {
		t.Errorf("%s = %s, want %s", query[1], got, want)
	}
	p.stop()
}

func TestTheHelloPluginIsBuiltAndRunsAsItsReadmeSays(t *testing.T) {
	t.Parallel()
	commands, _, _ := block(t, readme(t, "examples/hello-plugin/README.md"), "sh")
	build, run, _ := strings.Cut(commands, "\n")
	if !regexp.MustCompile(`^bin/xrm plugin approve hello( +#.*)?\nbin/xrm serve\n$`).MatchString(run) {
		t.Fatalf("the last commands are not those that approve the plugin and run the server:\n%s", commands)
	}
	line, _, _ := strings.Cut(build, "#")
	args, isOurs := strings.CutPrefix(line, "bin/xrm ")
	if !isOurs {
		t.Fatalf("the first command is not one of the program: %s", build)
	}
	plugins := t.TempDir()
	cmd := programmed(t.Context(), t, []string{"GOFLAGS=" + os.Getenv("GOFLAGS")}, append(strings.Fields(args), "--to", plugins)...)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	greets(t, plugins)
}
