package schema_test

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"go.yaml.in/yaml/v3"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheTablesOfTheReferenceAreCurrent compares what stands between the
// markers with what the Go types say.
func TestTheTablesOfTheReferenceAreCurrent(t *testing.T) {
	text := readme(t)
	marked := regexp.MustCompile(`(?s)<!-- generated: (\w+) -->\n.*?<!-- end -->`)
	tables := map[string]string{"entity": keys(reflect.TypeFor[schema.Entity]()), "field": keys(reflect.TypeFor[schema.Field]()), "types": types(), "system": system()}
	current := marked.ReplaceAllStringFunc(text, func(block string) string {
		name := marked.FindStringSubmatch(block)[1]
		table, known := tables[name]
		if !known {
			t.Errorf("there is no table %q to generate", name)
		}
		delete(tables, name)
		return fmt.Sprintf("<!-- generated: %s -->\n%s<!-- end -->", name, table)
	})
	for name := range tables {
		t.Errorf("README.md has no place for the table %q", name)
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(current), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(text, current); diff != "" {
		t.Errorf("the tables of README.md are not what the types say; run go generate ./schema (-README.md +types):\n%s", diff)
	}
}

func keys(t reflect.Type) string {
	table := "| key | |\n|---|---|\n"
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" && key != "-" {
			table += fmt.Sprintf("| `%s` | %s |\n", key, t.Field(i).Tag.Get("doc"))
		}
	}
	return table
}

func types() string {
	table := "| type | | options of its own | operators |\n|---|---|---|---|\n"
	for _, kind := range schema.Types() {
		options := kind.Options()
		for i, option := range options {
			options[i] = "`" + option + "`"
			if option == schema.NeededOption(kind) {
				options[i] += " (needed)"
			}
		}
		operators := make([]string, len(kind.Operators()))
		for i, op := range kind.Operators() {
			operators[i] = string(op)
		}
		table += fmt.Sprintf("| `%s` | %s | %s | %s |\n", kind.Name(), kind.Doc(), strings.Join(options, ", "), strings.Join(operators, " "))
	}
	return table
}

func system() string {
	table := "| field | type | |\n|---|---|---|\n"
	for _, f := range schema.SystemFields {
		table += fmt.Sprintf("| `%s` | %s | %s |\n", f.Name, f.Type, f.Description["en"])
	}
	return table
}

func TestTheReferenceNamesEveryTypeAndOperator(t *testing.T) {
	t.Parallel()
	canonical := section(t, "## Types", "## References")
	operators := section(t, "## Filters", "## When something is wrong")
	for _, kind := range schema.Types() {
		if row := regexp.MustCompile(`(?m)^\| ([a-z]+, )*` + kind.Name() + `(, [a-z]+)* \|`); !row.MatchString(canonical) {
			t.Errorf("the table of canonical forms has no row for %s", kind.Name())
		}
		for _, op := range kind.Operators() {
			if !strings.Contains(operators, "`"+string(op)+"`") {
				t.Errorf("the table of operators does not explain %s", op)
			}
		}
	}
}

func section(t *testing.T, from, to string) string {
	t.Helper()
	_, rest, found := strings.Cut(readme(t), from+"\n")
	body, _, ended := strings.Cut(rest, to+"\n")
	if !found || !ended {
		t.Fatalf("README.md has no section %q before %q", from, to)
	}
	return body
}

var fenced = regexp.MustCompile("(?s)```yaml\n# ([^\n]*)\n(.*?)```\n(?:\n```text\n(.*?)```\n)?")

// TestTheExamplesOfTheReferenceWork loads every file that the page shows,
// parses its filters, and compares the messages about its wrong file.
func TestTheExamplesOfTheReferenceWork(t *testing.T) {
	t.Parallel()
	text := readme(t)
	blocks := fenced.FindAllStringSubmatch(text, -1)
	if all := strings.Count(text, "```yaml"); len(blocks) != all || all < 6 {
		t.Fatalf("%d of %d YAML blocks begin with a comment that says what they are, want all", len(blocks), all)
	}
	sources := entities.Sources()
	for _, b := range blocks {
		if kind, _, special := strings.Cut(b[1], ":"); !special {
			sources = append(sources, schema.Source{Layer: "site", File: kind, Data: []byte("\n" + b[2])})
		}
	}
	m, err := schema.Load(sources...)
	if err != nil {
		t.Fatalf("the files that the page shows do not load:\n%v", err)
	}
	var seen []string
	for _, b := range blocks {
		kind, name, _ := strings.Cut(b[1], ": ")
		seen = append(seen, kind)
		switch kind {
		case "filter":
			var raw map[string]any
			if err := yaml.Unmarshal([]byte(b[2]), &raw); err != nil {
				t.Fatal(err)
			}
			if _, err := m.ParseFilter(m.Entity(name), raw, false); err != nil {
				t.Errorf("the filter on %s: %v", name, err)
			}
		case "wrong":
			_, err := schema.Load(append(sources[:len(sources):len(sources)], schema.Source{File: name, Data: []byte(b[2])})...)
			if got := fmt.Sprintln(err); got != b[3] {
				t.Errorf("%s has these problems:\n%s\nthe page says:\n%s", name, got, b[3])
			}
		}
	}
	if !slices.Contains(seen, "filter") || !slices.Contains(seen, "wrong") {
		t.Errorf("the page shows %v, want also a filter and a wrong file", seen)
	}
}
