package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The steps of the tutorial: in which file, where, and what.
var (
	tutorialStep  = regexp.MustCompile("(?sm)^In (the new file )?`([^`]+)`(?:, (above|in the place of) `([^`]+)`|, (at the end))?:\n\n```\\w+\n(.*?)```")
	tutorialQuery = regexp.MustCompile("(?s)```graphql\n(.*?)\n```(?:\n\n```json\n(.*?)\n```)?")
)

// tutorialFiles are the files that each language has of its own.
var tutorialFiles = map[string][]string{
	"go": {"main.go", "main_test.go"}, "python": {"plugin.py", "test_plugin.py"}, "node": {"plugin.js", "plugin.test.js"},
}

// follow does all steps of the tutorial for one language.
func follow(t *testing.T, language, dir string) {
	t.Helper()
	done := map[string]int{}
	for _, step := range tutorialStep.FindAllStringSubmatch(readme(t, "sdk/TUTORIAL.md"), -1) {
		isNew, name, how, anchor, atEnd, text := step[1] != "", step[2], step[3], step[4], step[5] != "", step[6]
		if strings.HasSuffix(name, ".yaml") {
			done["yaml"]++
		} else {
			for of, files := range tutorialFiles {
				for _, one := range files {
					if one == name {
						done[of]++
						if of != language {
							isNew, how, atEnd = false, "", false
						}
					}
				}
			}
		}
		file := filepath.Join(dir, name)
		switch {
		case isNew:
			write(t, file, text)
		case atEnd:
			write(t, file, read(t, file)+text)
		case how != "":
			before, after, found := strings.Cut(read(t, file), anchor)
			if !found {
				t.Fatalf("%s has no %s", name, anchor)
			}
			if how == "above" {
				line := strings.LastIndex(before, "\n") + 1
				write(t, file, before[:line]+text+before[line:]+anchor+after)
			} else {
				write(t, file, before+strings.TrimSuffix(text, "\n")+after)
			}
		}
	}
	if done[language] < 4 || done["yaml"] < 4 {
		t.Fatalf("the tutorial has %d steps for %s, and %d for all: the pattern of this test finds too few", done[language], language, done["yaml"])
	}
}

// hasAll says whether an answer has all that is wanted.
func hasAll(want, got any) bool {
	switch want := want.(type) {
	case map[string]any:
		have, _ := got.(map[string]any)
		for key, value := range want {
			if !hasAll(value, have[key]) {
				return false
			}
		}
		return true
	case []any:
		have, _ := got.([]any)
		if len(have) != len(want) {
			return false
		}
		for i := range want {
			if !hasAll(want[i], have[i]) {
				return false
			}
		}
		return true
	}
	return fmt.Sprint(want) == fmt.Sprint(got)
}

func TestThePluginOfTheTutorialIsMadeAsItSays(t *testing.T) {
	t.Parallel()
	for language := range tutorialFiles {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			if language == "python" {
				needsPython(t)
			}
			root := t.TempDir()
			dir := filepath.Join(root, "visit")
			source, err := filepath.Abs("../..")
			if err != nil {
				t.Fatal(err)
			}
			succeeds(t, nil, "plugin", "new", "visit", "--lang", language, "--dir", dir, "--xrm", source)
			if language == "node" {
				installNode(t, dir)
			}
			follow(t, language, dir)
			if out := succeeds(t, nil, "plugin", "test", dir); !strings.Contains(out, "visit") {
				t.Errorf("xrm plugin test prints %s", out)
			}
			plugins := filepath.Join(root, "plugins")
			if err := os.Mkdir(plugins, 0o700); err != nil {
				t.Fatal(err)
			}
			if status, out, complaints := command(t, nil, "plugin", "build", dir, "--to", plugins); status != 0 {
				t.Fatal(out, complaints)
			}
			succeeds(t, nil, "plugin", "approve", "visit", "--yes", "--plugins", plugins)
			p := spawn(t, t.TempDir(), nil, "--plugins", plugins, "--trust", "approved").ready()
			p.pluginProcess("visit")
			p.subscribed("visit")
			asksAsTheTutorial(t, p)
			refused := `mutation { createVisit(data: {subject: "Tee", customer: "` + p.customer("Ben") + `", state: done}) { visit { id } } }`
			if got := p.inLanguage("de", refused); !strings.Contains(got, `"message":"fehlt bei einem Besuch, der erledigt ist"`) {
				t.Errorf("in German it answers %s", got)
			}
			p.stop()
		})
	}
}

// asksAsTheTutorial sends the queries of the tutorial, and wants the answers that it shows.
func asksAsTheTutorial(t *testing.T, p *process) {
	t.Helper()
	customer, visit := "", ""
	found := regexp.MustCompile(`"id":"([^"]+)"`)
	queries := tutorialQuery.FindAllStringSubmatch(readme(t, "sdk/TUTORIAL.md"), -1)
	if len(queries) < 6 {
		t.Fatalf("the tutorial has %d queries; the pattern of this test finds too few", len(queries))
	}
	for _, one := range queries {
		if strings.Contains(one[1], "VISIT") {
			visit = found.FindStringSubmatch(p.must(`{ visits { nodes { id } } }`, nil))[1]
		}
		query := strings.NewReplacer(`"ID"`, `"`+customer+`"`, `"VISIT"`, `"`+visit+`"`).Replace(one[1])
		ask := func() string { return p.inLanguage("en", query) }
		answer := ask()
		if customer == "" {
			customer = found.FindStringSubmatch(answer)[1]
		}
		if one[2] == "" {
			if strings.Contains(answer, `"errors"`) {
				t.Errorf("%s\nanswers %s", query, answer)
			}
			continue
		}
		var want any
		if err := json.Unmarshal([]byte(one[2]), &want); err != nil {
			t.Fatal(err)
		}
		isMutation := strings.HasPrefix(query, "mutation")
		eventually(t, func() string {
			var got any
			if err := json.Unmarshal([]byte(answer), &got); err != nil {
				t.Fatal(err)
			}
			if hasAll(want, got) {
				return ""
			}
			if isMutation {
				t.Fatalf("%s\nanswers %s\nwant %s", query, answer, one[2])
			}
			shown := answer
			answer = ask()
			return query + "\nanswers " + shown + "\nwant " + one[2]
		})
	}
}
