package main

import (
	"debug/elf"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// needsPython skips a test where what Debian calls python3-grpcio is missing.
func needsPython(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("/usr/bin/python3", "-c", "import grpc, google.protobuf").CombinedOutput(); err != nil {
		t.Skipf("apt-get install python3-grpcio: %v\n%s", err, out)
	}
}

// installNode fetches what a plugin in Node.js needs, or skips the test.
func installNode(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("npm", "install", "--no-audit", "--no-fund", "--silent")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install the packages of the plugin: %v\n%s", err, out)
	}
}

// newPlugin writes a plugin called visit, outside of the repository.
func newPlugin(t *testing.T, language string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "visit")
	if status, out, complaints := command(t, nil, "plugin", "new", "visit", "--lang", language, "--dir", dir, "--xrm", "../.."); status != 0 ||
		!strings.HasSuffix(out, "visit is written. Next:\n"+map[string]string{"node": "  npm --prefix " + dir + " install\n"}[language]+"  xrm plugin test "+dir+"\n  xrm plugin dev "+dir+"\n") {
		t.Fatalf("status %d\n%s%s", status, out, complaints)
	}
	return dir
}

func TestANewPluginPassesItsTestsAndConforms(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"go", "python", "node"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			if language == "python" {
				needsPython(t)
			}
			dir := newPlugin(t, language)
			if language == "node" {
				installNode(t, dir)
			}
			status, out, complaints := command(t, nil, "plugin", "test", dir)
			if status != 0 || !strings.Contains(out, "visit 0.1.0\n10 entities, no problems\n") || !strings.Contains(out, "visit: 38 passed, 0 failed, ") {
				t.Errorf("status %d\n%s%s", status, out, complaints)
			}
		})
	}
}

func TestThePluginsOfTheRepositoryConform(t *testing.T) {
	t.Parallel()
	plugins := builtPlugins(t, [2]string{"hello", "../../examples/hello-plugin"})
	for _, name := range []string{"complaints", "hello"} {
		status, out, complaints := command(t, nil, "plugin", "conformance", filepath.Join(plugins, name), "--json")
		var r conformanceReport
		if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 || complaints != "" {
			t.Fatalf("%s: status %d, %v: %s%s", name, status, err, out, complaints)
		}
		if r.Plugin != name || r.Failed != 0 || r.Passed < 25 || len(r.Checks) != r.Passed+r.Inapplicable {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestAPluginThatDoesNotConformIsToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	script(t, plugins, "babbler", "echo hello world\nexec sleep 60\n")
	status, out, complaints := command(t, nil, "plugin", "conformance", filepath.Join(plugins, "babbler"))
	const failed = `FAIL  handshake
        expected  1|1|unix|PATH|grpc|CERTIFICATE as the first line of standard output
        seen      "hello world"
        remedy    print this line only, and only once the server listens
`
	if !strings.Contains(out, failed) || status != 1 || complaints != "babbler does not conform: 5 checks failed\n" {
		t.Errorf("status %d %s\n%s", status, complaints, out)
	}
}

func TestAPluginInPythonServes(t *testing.T) {
	t.Parallel()
	needsPython(t)
	keepsVisits(t, filepath.Dir(newPlugin(t, "python")))
}

func TestAPluginInNodeServes(t *testing.T) {
	t.Parallel()
	dir := newPlugin(t, "node")
	installNode(t, dir)
	keepsVisits(t, filepath.Dir(dir))
}

// keepsVisits wants a server to have the entity, the rule and the field of a
// plugin that was written as new writes it.
func keepsVisits(t *testing.T, plugins string) {
	t.Helper()
	p := spawn(t, t.TempDir(), []string{"XRM_TIMEOUT_PLUGIN=30s"}, "--plugins", plugins).ready()
	p.pluginProcess("visit")
	var made struct {
		CreateCustomers []struct{ Customer struct{ ID string } }
	}
	if err := p.ask(`mutation { createCustomers(data: [{kind: person, displayName: "Anna"}, {kind: person, displayName: "Ben"}]) { customer { id } } }`, nil, &made); err != nil {
		t.Fatal(err)
	}
	anna := map[string]any{"c": made.CreateCustomers[0].Customer.ID}
	p.must(`mutation ($c: ID!) { createVisit(data: {customer: $c, subject: "Hello"}) { visit { id } } }`, anna)

	const want = `{"customers":{"nodes":[{"displayName":"Anna","plannedVisits":"1"},{"displayName":"Ben","plannedVisits":"0"}]}}`
	if got := p.must(`{ customers(orderBy: [{displayName: ASC}]) { nodes { displayName plannedVisits } } }`, nil); got != want {
		t.Errorf("planned visits: %s\nwant %s", got, want)
	}
	err := p.ask(`mutation ($c: ID!) { createVisit(data: {customer: $c, subject: "Hello", state: done}) { visit { id } } }`, anna, new(rawText))
	if got, want := refusal(err), "INVALID The visit was not saved: some fields need attention. report is required when a visit is done"; got != want {
		t.Errorf("a visit that is done: %s\nwant %s", got, want)
	}
	p.stop()
}

func TestThePackageOfAPluginIsAlwaysTheSame(t *testing.T) {
	t.Parallel()
	dir := newPlugin(t, "go")
	to := t.TempDir()
	pack := func() string {
		status, out, complaints := command(t, nil, "plugin", "pack", dir, "--to", to)
		if status != 0 {
			t.Fatalf("status %d: %s", status, complaints)
		}
		return out
	}
	first := pack()
	if err := os.Chtimes(filepath.Join(dir, "README.md"), time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if again := pack(); again != first {
		t.Errorf("%sthen %s", first, again)
	}
	_, archive, _ := strings.Cut(strings.TrimSpace(first), "  ")
	shell(t, to, "printf '%s' '"+first+"' | sha256sum -c --quiet -")
	list, err := exec.Command("tar", "-tzf", archive).Output()
	if diff := cmp.Diff("visit/README.md\nvisit/plugin.yaml\nvisit/visit\n", string(list)); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

func TestAProgramThatIsNotWhatItsManifestSaysIsNotPacked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ manifest, want string }{
		"another version": {
			"name: visits\n# as in main.go\nversion: 1.1.0\nexecutable: visits\n",
			"DIR/plugin.yaml:3: version is 1.1.0, and the program answers Describe with 1.0.0, which a server refuses; write version: 1.0.0, or give the program the version 1.1.0 (Version in sdk.Plugin) and build it again\n",
		},
		"another name and version": {
			"version: 1.1.0\nname: visit\nexecutable: visits\n",
			"DIR/plugin.yaml:1: version is 1.1.0, and the program answers Describe with 1.0.0, which a server refuses; write version: 1.0.0, or give the program the version 1.1.0 (Version in sdk.Plugin) and build it again\n" +
				"DIR/plugin.yaml:2: name is visit, and the program answers Describe with visits, which a server refuses; write name: visits, or give the program the name visit (Name in sdk.Plugin) and build it again\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plugins, to := t.TempDir(), t.TempDir()
			cast(t, plugins, "visits", "")
			dir := filepath.Join(plugins, "visits")
			write(t, filepath.Join(dir, "plugin.yaml"), tt.manifest)
			status, out, complaints := command(t, nil, "plugin", "pack", dir, "--to", to)
			if want := strings.ReplaceAll(tt.want, "DIR", dir); status != 1 || out != "" || complaints != want {
				t.Errorf("status %d, %s%s\nwant %s", status, out, complaints, want)
			}
			if left, err := os.ReadDir(to); len(left) > 0 || err != nil {
				t.Errorf("%v, %v in the folder for archives", left, err)
			}
		})
	}
}

func TestAProgramForAnotherProcessorIsPackedAndNotChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "plugin.yaml"), "name: visits\nversion: 1.0.0\nexecutable: visits\n")
	program := filepath.Join(dir, "visits")
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[18], header[20] = byte(elf.ET_EXEC), byte(elf.EM_VAX), byte(elf.EV_CURRENT)
	write(t, program, string(header))
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	status, out, complaints := command(t, nil, "plugin", "pack", dir, "--to", t.TempDir())
	want := "Whether the program is visits 1.0.0, as plugin.yaml says, was not checked, because it does not run here: " +
		"start the plugin: fork/exec " + program + ": exec format error\nA server refuses it if its Describe answers with another name or version.\n"
	if status != 0 || !strings.Contains(out, "visits-1.0.0-") || complaints != want {
		t.Errorf("status %d, %s%s\nwant %s", status, out, complaints, want)
	}
}

func TestAnArchiveIsNamedForWhatItIsBuiltFor(t *testing.T) {
	plugins, to := t.TempDir(), t.TempDir()
	cast(t, plugins, "visits", "")
	program := filepath.Join(plugins, "visits", "visits")
	if err := os.Remove(program); err != nil { // a link to what takes half a minute to pack
		t.Fatal(err)
	}
	write(t, program, "for another machine")
	if err := os.Chmod(program, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOOS", "plan9")
	t.Setenv("GOARCH", "arm64")
	if status, _, complaints := command(t, nil, "plugin", "pack", filepath.Join(plugins, "visits"), "--to", to); status != 0 {
		t.Fatalf("status %d: %s", status, complaints)
	}
	if got := tree(t, to); got != "visits-1.0.0-plan9-arm64.tar.gz\n" {
		t.Errorf("packed: %s", got)
	}
}

func TestAProgramThatDoesNotStartIsNotPacked(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	script(t, plugins, "visits", "echo no license found >&2\nexit 3\n")
	status, out, complaints := command(t, nil, "plugin", "pack", filepath.Join(plugins, "visits"), "--to", t.TempDir())
	if status != 1 || out != "" || !strings.HasPrefix(complaints, "the program does not say what it is: ") || !strings.Contains(complaints, "no license found") {
		t.Errorf("status %d, %s%s", status, out, complaints)
	}
}

func TestAPluginIsBuiltAgainWheneverItIsSaved(t *testing.T) {
	t.Parallel()
	dir := newPlugin(t, "go")
	p := &process{t: t, out: newTranscript(), log: newTranscript(), ended: make(chan struct{})}
	p.cmd = programmed(t.Context(), t, nil, "plugin", "dev", dir, "--listen", "127.0.0.1:0")
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended stands in ProcessState
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	p.await(p.out, `plugin   visit 0\.1\.0: SERVING`)
	first := p.pluginProcess("visit")

	program := read(t, filepath.Join(dir, "main.go"))
	write(t, filepath.Join(dir, "main.go"), program+"oops\n")
	p.await(p.log, `main\.go:\d+:1: syntax error.*\n(.*\n)*The plugin is as it was before; save again when that is mended\.`)

	manifest := read(t, filepath.Join(dir, "plugin.yaml"))
	write(t, filepath.Join(dir, "plugin.yaml"), strings.Replace(manifest, "0.1.0", "0.2.0", 1))
	write(t, filepath.Join(dir, "main.go"), strings.Replace(program, "0.1.0", "0.2.0", 1))
	p.await(p.log, `(?s)visit is built and installed.*visit is built and installed`)
	_ = syscall.Kill(first, syscall.SIGKILL) // a server that looks into the folder has ended it already
	p.await(p.log, `msg="plugin serves" plugin=visit version=0\.2\.0`)

	write(t, filepath.Join(filepath.Dir(dir), "visit.yaml"), "limits: {concurrency: 7}\n")
	p.await(p.log, `msg="plugin has new settings" plugin=visit`)
	p.stop()
}
