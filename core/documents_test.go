package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documents are the Markdown files of the project, and the templates that
// become some, by their paths from the root.
func documents(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range tracked(t) {
		if filepath.Ext(strings.TrimSuffix(name, ".tmpl")) != ".md" || strings.Contains(name, "/testdata/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		found[name] = string(text)
	}
	if len(found) < 20 {
		t.Fatalf("only %d documents were found", len(found))
	}
	return found
}

var (
	codeBlock   = regexp.MustCompile("(?ms)^ *```.*?^ *```[^\n]*$")
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	codeSpan    = regexp.MustCompile("`[^`]+`")
	linkTarget  = regexp.MustCompile(`\]\([^)\s]+\)`)
	block       = regexp.MustCompile(`^\s*(?:[-*+]|\d+\.)\s+|^#+\s+|^>\s*`) // what begins a text of its own
	sentenceEnd = regexp.MustCompile(`[.!?]["')\]*_]*\s+`)
)

// prose is the running text of a document, paragraph by paragraph: neither code
// nor tables. A code span is one word, and so is a link's target.
func prose(document string) []string {
	document = codeBlock.ReplaceAllString(document, "\n")
	document = htmlComment.ReplaceAllString(document, "\n")
	var paragraphs []string
	current := ""
	end := func() {
		if current != "" {
			paragraphs = append(paragraphs, current)
		}
		current = ""
	}
	for line := range strings.Lines(document) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.TrimSpace(line) == "", strings.HasPrefix(strings.TrimSpace(line), "|"):
			end()
			continue
		case block.MatchString(line):
			end()
			line = block.ReplaceAllString(line, "")
		}
		current = strings.TrimSpace(current + " " + strings.TrimSpace(line))
	}
	end()
	for i, p := range paragraphs {
		paragraphs[i] = linkTarget.ReplaceAllString(codeSpan.ReplaceAllString(p, "code"), "]")
	}
	return paragraphs
}

// sentences takes a paragraph apart at its full stops. A full stop that ends no
// sentence has no capital, code or name of ours behind it, or belongs to "e.g.".
func sentences(paragraph string) []string {
	var all []string
	for paragraph != "" {
		from, cut := 0, len(paragraph)
		for {
			at := sentenceEnd.FindStringIndex(paragraph[from:])
			if at == nil {
				break
			}
			before := paragraph[:from+at[0]]
			from += at[1]
			if !strings.HasSuffix(before, "e.g") && !strings.HasSuffix(before, "i.e") && beginsSentence(paragraph[from:]) {
				cut = from
				break
			}
		}
		all = append(all, strings.TrimSpace(paragraph[:cut]))
		paragraph = paragraph[cut:]
	}
	return all
}

func beginsSentence(text string) bool {
	text = strings.TrimLeft(text, `"'([*_`)
	return text != "" && (text[0] < 'a' || text[0] > 'z' || strings.HasPrefix(text, "code") || strings.HasPrefix(text, "xrm "))
}

// words counts what has a letter or a digit in it.
func words(sentence string) int {
	n := 0
	for word := range strings.FieldsSeq(sentence) {
		if strings.ContainsAny(strings.ToLower(word), "abcdefghijklmnopqrstuvwxyz0123456789") {
			n++
		}
	}
	return n
}

func TestASentenceEndsAtItsFullStop(t *testing.T) {
	const document = "# A heading\n\nIt is one. It is two, e.g. `this` one here. xrm says\nthree, v1.8 or not (really.) Four: `a b c`!\n\n" +
		"| a table | is none |\n\n- an item\n- another [with a link](to/some/page.md)\n\n```sh\nno code\n```\n<!-- no comment -->\n"
	var got []string
	for _, paragraph := range prose(document) {
		for _, sentence := range sentences(paragraph) {
			got = append(got, fmt.Sprint(words(sentence), " ", sentence))
		}
	}
	want := []string{
		"2 A heading", "3 It is one.", "7 It is two, e.g. code one here.", "7 xrm says three, v1.8 or not (really.)", "2 Four: code!",
		"2 an item", "4 another [with a link]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

const longestSentence = 35

func TestNoSentenceOfTheDocumentsIsTooLong(t *testing.T) {
	for name, text := range documents(t) {
		for _, paragraph := range prose(text) {
			for _, sentence := range sentences(paragraph) {
				if n := words(sentence); n > longestSentence {
					t.Errorf("%s: %d words, want %d at most: split it\n%s", name, n, longestSentence, sentence)
				}
			}
		}
	}
}
