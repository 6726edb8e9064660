package access_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/schema"
)

var fenced = regexp.MustCompile("(?s)```yaml\n# ([^\n]*)\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")

// TestTheExamplesOfTheReferenceWork loads the roles that the page shows, and
// compares the messages about the wrong one.
func TestTheExamplesOfTheReferenceWork(t *testing.T) {
	t.Parallel()
	m, _ := load(t)
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := fenced.FindAllStringSubmatch(string(text), -1)
	if all := strings.Count(string(text), "```yaml"); len(blocks) != all || all < 2 {
		t.Fatalf("%d of %d YAML blocks begin with a comment that says what they are, want all", len(blocks), all)
	}
	for _, b := range blocks {
		file, wrong := strings.CutPrefix(b[1], "wrong: ")
		_, err := access.LoadRoles(m, []schema.Source{{File: file, Data: []byte(b[2])}})
		got := ""
		if err != nil {
			got = fmt.Sprintln(err)
		}
		if got != b[3] {
			t.Errorf("%s (wrong on purpose: %v) has these problems:\n%s\nthe page says:\n%s", file, wrong, got, b[3])
		}
	}
}
