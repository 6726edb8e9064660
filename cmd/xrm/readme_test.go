package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the answer to README's query into README")

// block finds the first fenced block of a language.
func block(t *testing.T, text, language string) (content string, from, to int) {
	t.Helper()
	found := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatchIndex(text)
	if found == nil {
		t.Fatalf("README has no block of %s", language)
	}
	return text[found[2]:found[3]], found[2], found[3]
}

// builtPlugins is a folder with the plugin complaints, as make build makes it,
// and with others: the name of each and where its program is.
func builtPlugins(t testing.TB, others ...[2]string) string {
	t.Helper()
	root := t.TempDir()
	for _, plugin := range append(others, [2]string{"complaints", "../../plugins/complaints"}) {
		built(t, root, plugin[0], plugin[1])
	}
	return root
}

// built builds a plugin into a folder of plugins. It has no race detector: a
// plugin is as fast as it is for its users.
func built(t testing.TB, plugins, name, from string) {
	t.Helper()
	once, _ := builds.LoadOrStore(from, sync.OnceValues(func() (string, error) {
		source, err := readPluginSource(from)
		if err != nil {
			return "", err
		}
		folder := filepath.Join(programs(), name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			return "", err
		}
		var out bytes.Buffer
		if source, err = source.buildIn(context.Background(), &out, folder); err != nil {
			err = fmt.Errorf("build the plugin: %w\n%s", err, out.String())
		}
		return source.binary, err
	}))
	program, err := once.(func() (string, error))()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(plugins, name, "plugin.yaml"), read(t, filepath.Join(from, "plugin.yaml")))
	if err := os.Link(program, filepath.Join(plugins, name, name)); err != nil {
		t.Fatal(err)
	}
}

// builds are the plugins that were built, each once, by where their source is.
var builds sync.Map

// programs is the folder where they lie until all tests have ended.
var programs = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "xrm-test-plugins-")
	if err != nil {
		panic(err)
	}
	return dir
})

// graphQL sends a query as the administrator and returns the answer's body.
func (r running) graphQL(t *testing.T, query string) []byte {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(r.data, "admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestTheFirstQueryOfReadmeHasTheAnswerThatItPrints(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	query, _, _ := block(t, string(readme), "graphql")
	want, from, to := block(t, string(readme), "json")

	r := start(t, "--plugins", builtPlugins(t))
	for _, args := range [][]string{
		{"suppliers.csv", "--entity", "supplier", "--key", "number"},
		{"customers.csv", "--entity", "customer", "--key", "number"},
		{"products.csv", "--entity", "product", "--key", "sku"},
		{"orders.csv", "--map", "../../examples/sample/orders.yaml"},
	} {
		args[0] = "../../examples/sample/" + args[0]
		if status, out, errors := command(t, r.environ(), append([]string{"import"}, args...)...); status != 0 {
			t.Fatalf("import %v: status %d\n%s%s", args, status, out, errors)
		}
	}
	var answer struct {
		Data json.RawMessage `json:"data"`
	}
	raw := r.graphQL(t, query)
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, []byte(`{"data":`+string(answer.Data)+`}`), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	if *update {
		text := string(readme[:from]) + got.String() + string(readme[to:])
		if err := os.WriteFile("../../README.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if got.String() != want {
		t.Errorf("README prints\n%s\nbut the answer is (run with -update to accept it)\n%s", want, got.String())
	}
}

func TestTheEntityOfReadmeLoads(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	definition, _, _ := block(t, string(readme), "yaml")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "contract.yaml"), []byte(definition), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, out, errors := command(t, nil, "schema", "lint", dir); status != 0 || out != "10 entities, no problems\n" {
		t.Errorf("status %d: %s%s", status, out, errors)
	}
}
