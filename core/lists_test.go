package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheReadmeTellsOfEveryFolderAndEveryNoun(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	folders, glossary, found := strings.Cut(string(text), "## Glossary\n")
	if !found {
		t.Fatal("README.md has no glossary")
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case entry.IsDir():
			if !strings.Contains(folders, "`"+name+"/`") {
				t.Errorf("README.md does not tell of the folder %s", name)
			}
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"):
			for _, noun := range exportedTypes(t, name) {
				if !strings.Contains(glossary, "`core."+noun+"`") {
					t.Errorf("the glossary has no word for core.%s, of %s", noun, name)
				}
			}
		}
	}
}

func exportedTypes(t *testing.T, name string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			if declared, ok := spec.(*ast.TypeSpec); ok && declared.Name.IsExported() {
				types = append(types, declared.Name.Name)
			}
		}
	}
	return types
}

func TestEveryDecisionAndFindingHasALine(t *testing.T) {
	for _, dir := range []string{"decisions", "../findings"} {
		list, err := os.ReadFile(filepath.Join(dir, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if name := entry.Name(); name != "README.md" && !strings.Contains(string(list), "]("+name+")") {
				t.Errorf("%s/README.md does not tell of %s", dir, name)
			}
		}
	}
}
