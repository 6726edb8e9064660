package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
)

// anchors are the places of a document that a link may lead to, as GitHub
// names them after the headings.
func anchors(document string) map[string]bool {
	found := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(document, ""), -1) {
		text := strings.NewReplacer("`", "", "*", "").Replace(h[1])
		found[strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, text)] = true
	}
	return found
}

func TestEveryLinkWithinTheDocumentsLeadsSomewhere(t *testing.T) {
	all, seen := documents(t), 0
	for name, text := range all {
		if strings.HasSuffix(name, ".tmpl") {
			continue // its links hold where it is written to
		}
		text = codeSpan.ReplaceAllString(codeBlock.ReplaceAllString(text, ""), "code")
		for _, l := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(l[1], "://") {
				continue
			}
			seen++
			to, anchor, _ := strings.Cut(l[1], "#")
			target := name
			if to != "" {
				target = path.Join(path.Dir(name), to)
			}
			if _, err := os.Stat(filepath.Join("..", target)); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, l[1])
			} else if anchor != "" && !anchors(all[target])[anchor] {
				t.Errorf("%s links to %s, where no heading has that name", name, l[1])
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d links were found", seen)
	}
}

var (
	section  = regexp.MustCompile(`(?m)^## (.+?) *$`)
	contents = regexp.MustCompile(`(?m)^- \[([^\]]+)\]\(#([^)]+)\)`)
)

func TestAListOfSectionsHasThemAll(t *testing.T) {
	seen := 0
	for name, text := range documents(t) {
		text = codeBlock.ReplaceAllString(text, "")
		var listed, sections []string
		top, _, _ := strings.Cut(text, "\n## ")
		for _, line := range contents.FindAllStringSubmatch(top, -1) {
			listed = append(listed, line[1])
		}
		if len(listed) < 3 {
			continue // no list of contents
		}
		seen++
		for _, title := range section.FindAllStringSubmatch(text, -1) {
			sections = append(sections, strings.ReplaceAll(title[1], "`", ""))
		}
		if diff := cmp.Diff(sections, listed); diff != "" {
			t.Errorf("%s lists other sections at its top than it has (-has +lists):\n%s", name, diff)
		}
	}
	if seen < 4 {
		t.Errorf("only %d lists were found", seen)
	}
}

func TestAnAnchorIsNamedAfterItsHeading(t *testing.T) {
	got := anchors("# The `plugin.yaml`, in short\n\n```sh\n# no heading\n```\n## Who may do what?\n")
	want := map[string]bool{"the-pluginyaml-in-short": true, "who-may-do-what": true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

var page = regexp.MustCompile(`\b\w[\w./-]*/[\w-]+\.md\b`)

// What the program prints names pages by their paths from the root.
func TestEveryPageThatTheProgramNamesExists(t *testing.T) {
	root, seen := os.DirFS(".."), 0
	err := fs.WalkDir(root, "cmd", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				return true
			}
			for _, p := range page.FindAllString(text.Value, -1) {
				seen++
				if _, err := fs.Stat(root, p); err != nil {
					t.Errorf("%s names %s, which does not exist", name, p)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 4 {
		t.Errorf("only %d pages were found", seen)
	}
}
