package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var step = regexp.MustCompile("`([a-z_/]+\\.go):([A-Za-z]+)`")

// TestTheWalksOfTheArchitectureLeadThroughFunctionsThatThereAre finds each
// file.go:Function that ARCHITECTURE.md names, below this folder or below that of
// the repository.
func TestTheWalksOfTheArchitectureLeadThroughFunctionsThatThereAre(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	steps := step.FindAllStringSubmatch(string(text), -1)
	if len(steps) < 40 {
		t.Fatalf("%d steps, want those of six walks", len(steps))
	}
	for _, s := range steps {
		file, function := filepath.FromSlash(s[1]), s[2]
		if _, err := os.Stat(file); err != nil {
			file = filepath.Join("..", file)
		}
		if _, err := os.Stat(file); err != nil {
			t.Errorf("there is no file %s", s[1])
		} else if !declares(t, file, function) {
			t.Errorf("%s has no function %s", s[1], function)
		}
		if strings.HasPrefix(s[1], "cmd/xrm/") && !strings.HasPrefix(s[1], "cmd/xrm/importer/") {
			t.Errorf("a walk goes back to the program: %s", s[1])
		}
	}
}

func declares(t *testing.T, file, function string) bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == function {
			return true
		}
	}
	return false
}
