package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/web"
)

// machine is where the commands of PRODUCTION.md are carried out: folders of a
// test stand for those of a server, and the words that need root for others.
type machine struct {
	t       *testing.T
	root    string
	paths   *strings.Replacer // what the page names, and what stands for it here
	environ []string          // of the service
	server  *process          // nil while it is stopped
	port    string            // of the server, with its host; a new one whenever it starts
}

const listens = "127.0.0.1:8080"

func newMachine(t *testing.T) *machine {
	t.Helper()
	root := t.TempDir()
	var pairs []string
	for _, path := range []string{"/etc/xrm", "/opt/xrm", "/var/lib/xrm", "/var/cache/xrm", "/var/backups/xrm", "/usr/local/bin", "/etc/systemd/system"} {
		pairs = append(pairs, path, filepath.Join(root, path))
	}
	m := &machine{t: t, root: root, paths: strings.NewReplacer(pairs...)}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	m.script("bin/xrm", asProgram+"=1 exec '"+self+`' "$@"`)
	m.script("words/runuser", `shift 3; exec "$@"`) // -u xrm --
	m.script("words/useradd", "exit 0")
	for _, dir := range []string{"/usr/local/bin", "/etc/systemd/system", "/var/lib/xrm"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *machine) script(name, command string) {
	m.t.Helper()
	write(m.t, filepath.Join(m.root, name), "#!/bin/sh\n"+command+"\n")
	if err := os.Chmod(filepath.Join(m.root, name), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// carryOut runs one block of commands, and stops and starts the server where
// they say so. It returns what was printed.
func (m *machine) carryOut(commands string) string {
	m.t.Helper()
	var printed strings.Builder
	for line := range strings.Lines(commands) {
		line = strings.ReplaceAll(strings.TrimSpace(line), " -o xrm", "")
		switch line {
		case "systemctl daemon-reload":
		case "systemctl enable --now xrm", "systemctl start xrm":
			m.start()
		case "systemctl restart xrm":
			m.server.stop()
			m.start()
		case "systemctl stop xrm":
			m.server.stop()
		default:
			line = m.paths.Replace(line)
			if m.server != nil {
				line = strings.ReplaceAll(line, listens, m.port)
			}
			cmd := exec.CommandContext(m.t.Context(), "sh", "-euc", line)
			cmd.Dir = m.root
			cmd.Env = append(m.environ, "HOME="+m.root, "PATH="+strings.Join([]string{
				filepath.Join(m.root, "words"), filepath.Join(m.root, "usr/local/bin"), os.Getenv("PATH")}, ":"))
			if m.server != nil {
				cmd.Env = append(cmd.Env, "XRM_SERVER="+m.server.url)
			}
			out, err := cmd.CombinedOutput()
			if err != nil {
				m.t.Fatalf("%s\n%v\n%s", line, err, out)
			}
			printed.Write(out)
		}
	}
	return printed.String()
}

func (m *machine) start() {
	m.t.Helper()
	m.server = spawn(m.t, filepath.Join(m.root, "/var/lib/xrm"), m.environ,
		"--plugins", filepath.Join(m.root, "/opt/xrm/plugins"), "--trust", "approved").ready()
	m.port = strings.TrimPrefix(m.server.url, "http://")
}

func TestTheCommandsOfProductionSetAServerUpAndKeepIt(t *testing.T) {
	t.Parallel()
	for _, needed := range []string{"curl"} {
		if _, err := exec.LookPath(needed); err != nil {
			t.Skipf("%s is not installed", needed)
		}
	}
	page := read(t, "PRODUCTION.md")
	m := newMachine(t)
	settings, _, _ := block(t, page, "yaml")
	unit, _, _ := block(t, page, "ini")
	write(t, filepath.Join(m.root, "/etc/systemd/system/xrm.service"), unit)
	for _, setting := range regexp.MustCompile(`(?m)^Environment=(.*)$`).FindAllStringSubmatch(unit, -1) {
		m.environ = append(m.environ, strings.Fields(m.paths.Replace(setting[1]))...)
	}
	// A socket's path is short, and a spawned server is understood by its text.
	m.environ = append(m.environ, "TMPDIR="+os.TempDir(), "XRM_LOG_FORMAT=text")
	packed := packPlugin(t, m.root)

	steps := shellBlock.FindAllStringSubmatch(page, -1)
	if len(steps) != 9 {
		t.Fatalf("the page has %d blocks of commands", len(steps))
	}
	next := func() string {
		step := steps[0][1]
		steps = steps[1:]
		return m.carryOut(strings.ReplaceAll(step, "complaints-1.0.0-linux-amd64.tar.gz", packed))
	}
	next() // install
	write(t, filepath.Join(m.root, "/etc/xrm/xrm.yaml"), m.paths.Replace(settings))
	if got := next(); !strings.Contains(got, `{"status":"ready"}`) {
		t.Errorf("after the start the server answers %q", got)
	}
	if got := next(); !strings.Contains(got, "Web shop") || !strings.Contains(got, "administrator") {
		t.Errorf("the keys are\n%s", got)
	}
	next() // the plugin
	m.server.pluginProcess("complaints")
	if got := next(); !strings.Contains(got, `xrm_plugin_state{plugin="complaints",state="SERVING",version="1.0.0"} 1`) {
		t.Errorf("the metrics are\n%s", got)
	}
	const customers = `{ customers { nodes { displayName } } }`
	create := func(name string) {
		m.server.must(`mutation { createCustomer(data: {kind: organization, displayName: "`+name+`"}) { customer { id } } }`, nil)
	}
	create("Before the backup")
	next() // the backup
	create("After it")
	next() // the restoration
	if diff := cmp.Diff(`{"customers":{"nodes":[{"displayName":"Before the backup"}]}}`, m.server.must(customers, nil)); diff != "" {
		t.Errorf("what the backup brought back (-want +got):\n%s", diff)
	}
	if got := next(); !strings.Contains(got, "checked: every reference leads somewhere") {
		t.Errorf("the check of what the backup brought back says\n%s", got)
	}
	if got := next(); !strings.HasPrefix(got, "xrm ") {
		t.Errorf("after the upgrade the version is %q", got)
	}
	m.server.pluginProcess("complaints")
	m.server.stop()
}

// packPlugin packs the plugin complaints as `xrm plugin pack` does, and
// returns the archive.
func packPlugin(t *testing.T, dir string) string {
	t.Helper()
	// tar complains about a file that gets another link while it is read, and
	// other tests link to the program.
	shell(t, dir, "cp -r '"+builtPlugins(t)+"' plugins && tar -czf packed.tar.gz -C plugins complaints")
	return filepath.Join(dir, "packed.tar.gz")
}

func TestTheSettingsOfProductionLoad(t *testing.T) {
	file, _, _ := block(t, read(t, "PRODUCTION.md"), "yaml")
	c, err := load(t, file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "/var/lib/xrm" || c.Plugins != "/opt/xrm/plugins" || c.Listen != listens {
		t.Errorf("the configuration is %+v", c)
	}
}

func TestTheUnitOfProductionIsValid(t *testing.T) {
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	unit, _, _ := block(t, read(t, "PRODUCTION.md"), "ini")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "xrm.service")
	write(t, file, strings.NewReplacer("/usr/local/bin/xrm", self, "User=xrm", "User=root").Replace(unit))
	if out, err := exec.CommandContext(t.Context(), verify, "verify", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// The page repeats defaults, so that nobody has to look for them.
func TestTheLimitsOfProductionAreTheDefaults(t *testing.T) {
	page, c := read(t, "PRODUCTION.md"), defaultConfig()
	for _, want := range []string{
		fmt.Sprintf("`timeout.shutdown` (%.0f s)", c.Timeout.Shutdown.Seconds()),
		fmt.Sprintf("%d MiB is what a plugin's endpoint may get. The API itself takes %d MiB (`limits.bodyBytes`)", web.MaxPluginBody>>20, c.Limits.BodyBytes>>20),
	} {
		if !strings.Contains(page, want) {
			t.Errorf("PRODUCTION.md does not say %q", want)
		}
	}
	known := map[string]bool{}
	for _, s := range settingsOf(c) {
		known[s.key] = true
	}
	for _, name := range regexp.MustCompile("`((?:limits|timeout)\\.[a-zA-Z]+)`").FindAllStringSubmatch(page, -1) {
		if !known[name[1]] && name[1] != "limits.concurrency" { // of a manifest
			t.Errorf("PRODUCTION.md names the setting %s, which there is not", name[1])
		}
	}
}
