package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// documents are the Markdown files of the project by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	found := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := path != root && strings.HasPrefix(entry.Name(), ".")
		if entry.IsDir() && (hidden || slices.Contains([]string{"node_modules", "bin", "data"}, entry.Name())) {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".md" {
			return nil
		}
		data, err := os.ReadFile(path)
		found[filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var (
	queryBlock = regexp.MustCompile("(?s)```graphql\n(.*?)```")
	querySpan  = regexp.MustCompile("`(\\{ \\w+[^`:]*\\{[^`]*\\})`")
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	curlBody   = regexp.MustCompile(`(?s)\bcurl [^\n]*(?:\\\n[^\n]*)*?-d '([^']*)'`)
)

// operations takes a text apart that may show several operations without names.
func operations(t *testing.T, text string) []string {
	t.Helper()
	document, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Errorf("%v:\n%s", err, text)
		return nil
	}
	var each []string
	for _, operation := range document.Operations {
		var out bytes.Buffer
		formatter.NewFormatter(&out).FormatQueryDocument(&ast.QueryDocument{
			Operations: ast.OperationList{operation}, Fragments: document.Fragments,
		})
		each = append(each, out.String())
	}
	return each
}

func TestEveryQueryOfTheDocumentsFitsTheSchema(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "xrm.yaml")
	write(t, config, "mail: {server: '127.0.0.1:1', security: none, from: service@example.org}\n")
	definitions, _ := contracts(t)
	server := start(t, "--config", config, "--entities", definitions, "--plugins", builtPlugins(t, [2]string{"hello", "../../examples/hello-plugin"}, [2]string{"loyalty", "../../examples/loyalty-go"}))
	seen := 0
	for name, text := range documents(t) {
		if strings.HasSuffix(name, "TUTORIAL.md") { // whose plugin is made in a test of its own, which sends them
			continue
		}
		for _, found := range slices.Concat(queryBlock.FindAllStringSubmatch(text, -1), querySpan.FindAllStringSubmatch(text, -1)) {
			for _, operation := range operations(t, found[1]) {
				seen++
				request := map[string]any{"query": operation}
				if strings.Contains(operation, "$id: ID!") {
					request["variables"] = map[string]string{"id": "none", "duplicate": "none either"}
				}
				body, err := json.Marshal(request)
				if err != nil {
					t.Fatal(err)
				}
				// What fits is carried out, if only to be told that there is no
				// such record.
				if status, answer := server.post(t, string(body)); status != http.StatusOK {
					t.Errorf("%s: status %d\n%s\n%s", name, status, operation, answer)
				}
			}
		}
	}
	if seen < 7 {
		t.Errorf("only %d queries were found", seen)
	}
}

func TestGraphiQLOpensWithTheFirstQueryOfReadmeButForThePlugin(t *testing.T) {
	t.Parallel()
	page := read(t, "../../core/graphql/transport/graphiql/main.jsx")
	_, welcome, _ := strings.Cut(page, "const welcome = `")
	welcome, _, _ = strings.Cut(welcome, "`;")
	query, _, _ := block(t, documents(t)["README.md"], "graphql")
	query = strings.Replace(query, "openComplaints { subject }", "", 1)
	if diff := cmp.Diff(operations(t, query), operations(t, welcome)); diff != "" {
		t.Errorf("README.md and main.jsx differ (-want +got):\n%s", diff)
	}
}

func TestEveryCurlOfTheDocumentsGetsItsAnswer(t *testing.T) {
	t.Parallel()
	server := start(t)
	seen := map[string]int{}
	for name, text := range documents(t) {
		if name == "cmd/xrm/PRODUCTION.md" {
			continue // all of its commands are carried out, by a test of its own
		}
		for _, shell := range shellBlock.FindAllStringSubmatch(text, -1) {
			bodies := curlBody.FindAllStringSubmatch(shell[1], -1)
			if calls := strings.Count(shell[1], "curl "); calls != len(bodies) {
				t.Errorf("%s: %d of %d curl commands have a body after -d:\n%s", name, len(bodies), calls, shell[1])
			}
			for _, body := range bodies {
				seen[name]++
				if status, answer := server.post(t, body[1]); status != http.StatusOK || strings.Contains(answer, `"errors"`) {
					t.Errorf("%s: status %d\n%s\n%s", name, status, body[1], answer)
				}
			}
		}
	}
	if seen["README.md"] == 0 || seen["examples/sample/README.md"] == 0 {
		t.Errorf("commands were found in %v only", seen)
	}
}

var (
	commandLine = regexp.MustCompile(`(?m)^(?:bin/)?xrm ([a-z][^#\n]*)`)
	commandSpan = regexp.MustCompile("`(?:bin/)?xrm ([a-z][^`]*)`")
)

func TestEveryCommandOfTheDocumentsIsOneOfTheProgram(t *testing.T) {
	seen := 0
	for name, text := range documents(t) {
		found := commandSpan.FindAllStringSubmatch(text, -1)
		for _, shell := range shellBlock.FindAllStringSubmatch(text, -1) {
			found = append(found, commandLine.FindAllStringSubmatch(shell[1], -1)...)
		}
		for _, line := range found {
			seen++
			cmd, rest, err := (&program{}).root().Find(strings.Fields(line[1]))
			if err == nil && cmd.HasSubCommands() && len(rest) > 0 && rest[0] != "..." {
				err = fmt.Errorf("unknown command %q for %q", rest[0], cmd.CommandPath())
			}
			if err == nil {
				err = cmd.ParseFlags(rest)
			}
			if err != nil && !errors.Is(err, pflag.ErrHelp) {
				t.Errorf("%s: xrm %s: %v", name, line[1], err)
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d commands were found", seen)
	}
}

// post sends a body as the administrator does with curl.
func (r running) post(t *testing.T, body string) (status int, answer string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/graphql-response+json")
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(read(t, filepath.Join(r.data, "admin.key"))))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
