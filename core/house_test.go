package core_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// longest is how many lines a file may have that somebody has written. Who
// needs more has two subjects.
const longest = 320

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// goFiles are the files of the project in Go, by their paths from its root.
func goFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range tracked(t) {
		if path.Ext(name) != ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = text
	}
	return files
}

func TestNoFileThatSomebodyHasWrittenIsTooLong(t *testing.T) {
	t.Parallel()
	for name, text := range goFiles(t) {
		if strings.HasSuffix(name, "_test.go") || generated.Match(text) {
			continue
		}
		if n := bytes.Count(text, []byte("\n")); n > longest {
			t.Errorf("%s has %d lines, and %d are the most: find its second subject, and give that a file", name, n, longest)
		}
	}
}

func TestNoTestNamesAFolderOutsideOfTheRepository(t *testing.T) {
	t.Parallel()
	for name, text := range goFiles(t) {
		if !strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, outside := range outsidePaths(t, name, text) {
			t.Errorf("%s names %s, which is not in the repository: let a variable XRM_TEST_... name it, and skip where it is not set", name, outside)
		}
	}
}

func TestAPathThatLeadsOutsideIsFound(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		expression string
		outside    int
	}{
		"within":                         {`"../core/doc.go"`, 0},
		"the root itself":                {`"../.."`, 0},
		"outside, in one piece":          {`"../../../data/orders.csv"`, 1},
		"outside, joined":                {`filepath.Join("..", "..", "..", "data", name)`, 1},
		"within, joined":                 {`filepath.Join("..", "..", "README.md")`, 0},
		"outside, joined behind another": {`filepath.Join(root, "..", "..", "..")`, 0},
		"no path":                        {`"..."`, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			source := "package p\nvar v = f(" + tt.expression + ")\n"
			if got := outsidePaths(t, "cmd/xrm/a_test.go", []byte(source)); len(got) != tt.outside {
				t.Errorf("%s names %q outside, want %d", tt.expression, got, tt.outside)
			}
		})
	}
}

// outsidePaths are the paths in a file that lead out of the repository from
// where its tests run.
func outsidePaths(t *testing.T, name string, text []byte) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		named := ""
		switch node := node.(type) {
		case *ast.CallExpr:
			if len(node.Args) > 1 {
				named = beginning(node.Args)
			}
		case *ast.BasicLit:
			named = beginning([]ast.Expr{node})
		}
		if strings.HasPrefix(named, "../") && strings.HasPrefix(path.Join(path.Dir(name), named)+"/", "../") {
			found = append(found, named)
		}
		return true
	})
	return found
}

// beginning joins the texts with which a list of arguments begins.
func beginning(arguments []ast.Expr) string {
	var parts []string
	for _, argument := range arguments {
		literal, isLiteral := argument.(*ast.BasicLit)
		if !isLiteral || literal.Kind != token.STRING {
			break
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			break
		}
		parts = append(parts, text)
	}
	return filepath.ToSlash(filepath.Join(parts...))
}
