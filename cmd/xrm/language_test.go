package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// madeAsItsReadmeSays follows the README of an SDK, whose first blocks are the commands,
// what goes into the plugin, and what goes into its test. ends say in front of what of a
// file, "" for its end. It returns what the last command prints.
func madeAsItsReadmeSays(t *testing.T, sdk, fence string, ends map[string]string) string {
	t.Helper()
	text := readme(t, sdk+"/README.md")
	commands, _, at := block(t, text, "sh")
	mutation, _, length := block(t, text[at:], fence)
	test, _, _ := block(t, text[at+length:], fence)
	dir := t.TempDir()
	lines := strings.Split(strings.TrimSpace(commands), "\n")
	for _, line := range lines[:len(lines)-1] {
		runLine(t, dir, line)
	}
	for name, end := range ends {
		more := mutation
		if strings.Contains(name, "test") {
			more = "\n" + test
		}
		file := filepath.Join(dir, "visit", name)
		above, rest, _ := strings.Cut(read(t, file), end)
		if end == "" {
			above, rest = rest, ""
		}
		write(t, file, above+more+end+rest)
	}
	return runLine(t, dir, lines[len(lines)-1])
}

// runLine runs a command of a README, which is of this program or of npm.
func runLine(t *testing.T, dir, line string) string {
	t.Helper()
	line, _, _ = strings.Cut(line, "#")
	if folder, isNPM := strings.CutPrefix(strings.TrimSpace(line), "npm --prefix visit install"); isNPM && folder == "" {
		installNode(t, filepath.Join(dir, "visit"))
		return ""
	}
	args, isOurs := strings.CutPrefix(line, "xrm ")
	if !isOurs {
		t.Fatalf("%s is no command of the program", line)
	}
	cmd := programmed(t.Context(), t, nil, strings.Fields(args)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// logsAndEnds has a server run the plugin visits, and ends it as people and systems do.
func logsAndEnds(t *testing.T, plugins string) {
	t.Helper()
	p := spawn(t, t.TempDir(), []string{"XRM_TIMEOUT_PLUGIN=30s"}, "--plugins", plugins).ready()
	first := p.pluginProcess("visits")
	var made struct {
		CreateVisit struct{ Visit struct{ ID string } }
	}
	create := `mutation ($c: ID!) { createVisit(data: {customer: $c, subject: "Hello"}) { visit { id } } }`
	if err := p.ask(create, map[string]any{"c": p.customer("Anna")}, &made); err != nil {
		t.Fatal(err)
	}
	_ = syscall.Kill(first, syscall.SIGINT) // as of Ctrl-C in a terminal, which goes to all
	visit := map[string]any{"id": made.CreateVisit.Visit.ID}
	p.must(`mutation ($id: ID!) { finishVisit(id: $id, report: {text: "Well.", fee: "12.50"}) { rate } }`, visit)
	p.await(p.log, `level=INFO msg="a visit is done" .*visit=`+made.CreateVisit.Visit.ID)
	if now := p.pluginProcess("visits"); now != first {
		t.Errorf("SIGINT has ended it: it was process %d, and is %d", first, now)
	}
	_ = syscall.Kill(first, syscall.SIGTERM)
	p.await(p.log, `(?s)msg="plugin serves" plugin=visits.*msg="plugin serves" plugin=visits`)
	if again := p.pluginProcess("visits"); again == first {
		t.Error("SIGTERM has not ended it")
	}
	p.stop()
}

// checks are what conformance has found of a plugin: what has failed, and how many
// checks have passed or did not apply.
func checks(t *testing.T, dir string) (failed []string, passed, inapplicable int) {
	t.Helper()
	_, out, complaints := command(t, nil, "plugin", "conformance", dir, "--json")
	var r conformanceReport
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s%s", err, out, complaints)
	}
	for _, c := range r.Checks {
		if c.Mark == "failed" {
			failed = append(failed, c.Check+": "+strings.ReplaceAll(c.Seen, dir, "DIR"))
		}
	}
	return failed, r.Passed, r.Inapplicable
}

// planted are mistakes in a plugin, and what conformance then says has failed; that may go on.
type planted struct {
	plants [][2]string
	want   []string
}

// findsWhatIsPlanted plants them in a program in dir, each of tests in a copy of its own.
func findsWhatIsPlanted(t *testing.T, dir, program string, tests map[string]planted) {
	t.Helper()
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := filepath.Join(t.TempDir(), "visits")
			shell(t, dir, "cp -R . "+own)
			file := filepath.Join(own, program)
			text := read(t, file)
			for _, plant := range tt.plants {
				if n := strings.Count(text, plant[0]); n != 1 {
					t.Fatalf("%s has %q %d times", program, plant[0], n)
				}
				text = strings.Replace(text, plant[0], plant[1], 1)
			}
			write(t, file, text)
			failed, _, _ := checks(t, own)
			if !slices.EqualFunc(failed, tt.want, strings.HasPrefix) {
				t.Errorf("failed:\n%s\nwant\n%s", strings.Join(failed, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}
