package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestReadmeListsAllSettings(t *testing.T) {
	const file, begin, end = "README.md", "<!-- settings -->\n", "<!-- /settings -->"
	readme, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(readme), begin)
	got, tail, found := strings.Cut(rest, end)
	if !found {
		t.Fatal("the marks of the table are missing")
	}
	want := "| key | variable | default | says |\n|---|---|---|---|\n"
	for _, s := range settingsOf(defaultConfig()) {
		value := fmt.Sprint(s.value)
		if value != "" {
			value = "`" + value + "`"
		}
		want += fmt.Sprintf("| `%s` | `%s` | %s | %s |\n", s.key, variable(s.key), value, s.doc)
	}
	switch {
	case got == want:
	case *update:
		if err := os.WriteFile(file, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table of settings is not current; run go test ./cmd/xrm -run Settings -update")
	}
}

func TestTheConfigurationInReadmeLoads(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	file, _, _ := block(t, string(readme), "yaml")
	c, err := load(t, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Log.Format != "json" || c.Limits.Page != 500 || c.Roles != "./roles" {
		t.Errorf("the configuration is %+v", c)
	}
}
