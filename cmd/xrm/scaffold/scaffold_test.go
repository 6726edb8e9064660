package scaffold_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/cmd/xrm/scaffold"
)

func TestTheProgramInPythonIsShort(t *testing.T) {
	t.Parallel()
	program, err := os.ReadFile("templates/python/plugin.py.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(program), "\n"); n >= 50 {
		t.Errorf("plugin.py has %d lines", n)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "visit")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := scaffold.Write(dir, scaffold.Plugin{Name: "visit", Language: "go"})
	if want := dir + " is there already and is not overwritten; choose another name or folder"; err == nil || err.Error() != want {
		t.Errorf("Write = %v\nwant %s", err, want)
	}
}

func TestAPluginThatCannotBeIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		plugin scaffold.Plugin
		want   string
	}{
		"a name in capitals":           {scaffold.Plugin{Name: "Visit", Language: "go"}, `"Visit" cannot be the name of a plugin; use lower-case letters, digits and hyphens, such as service-call`},
		"a language mistyped":          {scaffold.Plugin{Name: "visit", Language: "pyhton"}, `there is no template in "pyhton", only in go, python, node; did you mean "python"?`},
		"the name of a shipped entity": {scaffold.Plugin{Name: "order", Language: "go"}, "the plugin would have an entity of its name, which cannot be:\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "plugin")
			_, err := scaffold.Write(dir, tt.plugin)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Write = %v\nwant %s", err, tt.want)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("the folder was made all the same")
			}
		})
	}
}

func TestANewPluginAsksForTheGoThatXRMAsksFor(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "visit")
	if _, err := scaffold.Write(dir, scaffold.Plugin{Name: "visit", Language: "go", Module: "example.com/visit"}); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := func(text []byte) string {
		_, after, _ := strings.Cut(string(text), "\ngo ")
		line, _, _ := strings.Cut(after, "\n")
		return line
	}
	if got, want := version(written), version(module); got != want {
		t.Errorf("its go.mod says go %s, that of xrm %s", got, want)
	}
}
