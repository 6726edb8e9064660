package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const faxManifest = `name: fax
version: 1.0.0
protocol: 1
executable: run
needs:
  records: {customer: {read: true, fields: {number: read}}}
  events: [order.created]
  secrets: [providerKey]
`

const faxUpgrade = `name: fax
version: 1.1.0
protocol: 1
executable: run
needs:
  records: {customer: {read: true, fields: {number: read}}}
  rules: [order]
  fields: [customer]
  constrains: [customer]
  http: [POST /sent, /files/]
  secrets: [providerKey]
  connect: [443]
  listen: [5060]
  files: [/var/spool/fax]
  asPlugin: true
`

// faxes is a folder of plugins with one that nobody has approved.
func faxes(t *testing.T) (dir string, environ []string) {
	t.Helper()
	dir = t.TempDir()
	script(t, dir, "fax", "exit 3\n")
	write(t, filepath.Join(dir, "fax", "plugin.yaml"), faxManifest)
	return dir, []string{"XRM_PLUGINS=" + dir, "XRM_DATA=" + t.TempDir()} // disable writes into the database
}

func TestApproveShowsWhatIsNewAgainstWhatWasGranted(t *testing.T) {
	t.Parallel()
	dir, environ := faxes(t)
	approve := func() string {
		t.Helper()
		status, out, complaints := command(t, environ, "plugin", "approve", "fax", "--yes")
		if status != 0 || complaints != "" {
			t.Fatalf("status %d: %s", status, complaints)
		}
		return regexp.MustCompile(`SHA-256 [0-9a-f]{12}…`).ReplaceAllString(out, "SHA-256 …")
	}
	const asked = `  + be told of order.created
  + use records of customer: {fields: {number: read}, read: true}
  + read the secret providerKey
`
	const first = "fax 1.0.0\n  executable  run, SHA-256 …, run by /bin/sh\n  approved    never before\n  It asks to\n" + asked + "fax is approved.\n\n"
	if diff := cmp.Diff(first, approve()); diff != "" {
		t.Errorf("for the first time (-want +got):\n%s", diff)
	}
	again := strings.NewReplacer("never before", "this very version", "  +", "   ", "fax is approved.", "It is approved already.").Replace(first)
	if diff := cmp.Diff(again, approve()); diff != "" {
		t.Errorf("for the second time (-want +got):\n%s", diff)
	}
	write(t, filepath.Join(dir, "fax", "words.txt"), "")
	if got, want := approve(), "approved    this version, but with other files: find out who has changed them\n"; !strings.Contains(got, want) {
		t.Errorf("with another file: %swithout %s", got, want)
	}
	write(t, filepath.Join(dir, "fax", "plugin.yaml"), faxUpgrade)
	const upgrade = `fax 1.1.0
  executable  run, SHA-256 …, run by /bin/sh
  approved    1.0.0
  It asks to
  + act by itself, for no user
  + connect to TCP port 443 of any machine
  + bind what anybody saves as customer: its fields there may be required, unique, never to change, a state, numbered or filled in
  + add fields to customer
  + write to /var/spool/fax
  + answer HTTP requests: /plugins/fax/files/
  + answer HTTP requests: POST /plugins/fax/sent
  + listen on TCP port 5060
    use records of customer: {fields: {number: read}, read: true}
  + change or refuse what is saved as order, and refuse its deletion
    read the secret providerKey
  - be told of order.created
  ! where it acts by itself, it may use these records whatever the user's roles say
  ! a save that does not fit its fields is refused for everybody, also while the plugin is down; xrm plugin disable ends that
  ! who sends it HTTP requests needs no key: only the plugin can tell whether they are genuine
  ! what it can read, it can send to any machine that listens on these ports
  ! what it writes into these folders, other programs may read or run
fax is approved.

`
	if diff := cmp.Diff(upgrade, approve()); diff != "" {
		t.Errorf("the upgrade (-want +got):\n%s", diff)
	}
}

func TestWhatAPluginIsCalledGivesTheTerminalNoCommands(t *testing.T) {
	t.Parallel()
	dir, environ := faxes(t)
	write(t, filepath.Join(dir, "fax", "plugin.yaml"), strings.Replace(faxManifest, "version: 1.0.0", `version: "1.0\n  It asks for nothing.\e[8m"`, 1))
	out := succeeds(t, environ, "plugin", "approve", "fax", "--yes")
	if want := "fax 1.0\uFFFD  It asks for nothing.\uFFFD[8m\n  executable  run"; !strings.HasPrefix(out, want) {
		t.Errorf("got %q, want it to begin with %q", out, want)
	}
}

func TestWithoutATerminalNothingIsApprovedUnlessTheCommandLineSaysYes(t *testing.T) {
	t.Parallel()
	dir, environ := faxes(t)
	status, out, complaints := command(t, environ, "plugin", "approve", "--all")
	if want := "there is no terminal to ask for your consent; read what stands above, and give it with --yes\n"; status != 1 || complaints != want || !strings.Contains(out, "+ read the secret providerKey") {
		t.Errorf("status %d, %q, want %q\n%s", status, complaints, want, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "approved.yaml")); err == nil {
		t.Error("there is an approval")
	}
}

// terminal is what a person has typed into one.
func terminal(t *testing.T, typed string) *os.File {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there is no terminal to be had: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	side, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { side.Close() })
	if _, err := person.WriteString(typed); err != nil {
		t.Fatal(err)
	}
	return side
}

func TestOnATerminalAPersonSaysYesOrNoToEachPlugin(t *testing.T) {
	t.Parallel()
	dir, environ := faxes(t)
	script(t, dir, "phone", "exit 3\n")
	var out, complaints bytes.Buffer
	p := &program{in: terminal(t, "n\ny\n"), out: &out, err: &complaints, environ: environ}
	status := p.run(t.Context(), []string{"plugin", "approve", "fax", "phone"})
	if want := "fax is not approved\n"; status != 1 || complaints.String() != want || !strings.Contains(out.String(), "It asks for nothing.\nApprove? [y/N] phone is approved.\n") {
		t.Errorf("status %d, %q, want %q\n%s", status, &complaints, want, &out)
	}
	if got := read(t, filepath.Join(dir, "approved.yaml")); strings.Contains(got, "fax:") || !strings.Contains(got, "phone:") {
		t.Errorf("approved.yaml is\n%s", got)
	}
}

func TestACommandAboutAPluginTellsWhatKeepsItFromBeingDone(t *testing.T) {
	t.Parallel()
	dir, environ := faxes(t)
	script(t, dir, "torn", "exit 3\n")
	write(t, filepath.Join(dir, "torn", "plugin.yaml"), "name: torn\nversion: 1.0.0\nprotocol: 1\nexecutabel: run\n")
	tests := map[string]struct {
		environ []string
		args    []string
		want    string
	}{
		"a name mistyped":  {environ, []string{"approve", "faxs"}, "there is no plugin faxs in DIR; did you mean \"fax\"?"},
		"one to disable":   {environ, []string{"disable", "faxx"}, "there is no plugin faxx in DIR; did you mean \"fax\"?"},
		"no name":          {environ, []string{"approve"}, "xrm plugin approve needs the names of plugins, or else --all: xrm plugin approve complaints"},
		"a name and all":   {environ, []string{"approve", "fax", "--all"}, "xrm plugin approve needs the names of plugins, or else --all: xrm plugin approve complaints"},
		"no name to stop":  {environ, []string{"disable"}, "xrm plugin disable needs the name of a plugin: xrm plugin disable complaints"},
		"no job":           {environ, []string{"run-job", "fax"}, "xrm plugin run-job needs two names, that of a plugin and that of its job, not 1: xrm plugin run-job complaints escalate"},
		"a broken one":     {environ, []string{"approve", "torn"}, "torn cannot be approved: invalid: DIR/torn/plugin.yaml:4: unknown key \"executabel\"; did you mean \"executable\"?"},
		"no folder at all": {[]string{"XRM_PLUGINS=DIR/none"}, []string{"approve", "fax"}, "there is no folder DIR/none; name the one with the plugins by --plugins (XRM_PLUGINS)"},
		"no server":        {[]string{"XRM_SERVER=http://127.0.0.1:1", "XRM_KEY=xrm_nobody"}, []string{"list"}, "cannot reach the server at http://127.0.0.1:1: connection refused; start it with `xrm serve`, or say where it is with --server"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var set []string
			for _, entry := range tt.environ {
				set = append(set, strings.ReplaceAll(entry, "DIR", dir))
			}
			status, out, complaints := command(t, set, append([]string{"plugin"}, tt.args...)...)
			if want := strings.ReplaceAll(tt.want, "DIR", dir) + "\n"; status != 1 || out != "" || complaints != want {
				t.Errorf("status %d, output %q\ngot  %s\nwant %s", status, out, complaints, want)
			}
		})
	}
}

func TestAPluginThatIsDisabledDoesNotRunByBeingApproved(t *testing.T) {
	t.Parallel()
	_, environ := faxes(t)
	succeeds(t, environ, "plugin", "disable", "fax")
	const disabled = " It is disabled, and does not run; let it run again with: xrm plugin enable fax\n\n"
	for _, want := range []string{"\nfax is approved." + disabled, "\nIt is approved already." + disabled} {
		if got := succeeds(t, environ, "plugin", "approve", "fax", "--yes"); !strings.HasSuffix(got, want) {
			t.Errorf("approve says\n%swant the end\n%s", got, want)
		}
	}
	succeeds(t, environ, "plugin", "enable", "fax")
	if got, want := succeeds(t, environ, "plugin", "approve", "fax", "--yes"), "\nIt is approved already.\n\n"; !strings.HasSuffix(got, want) {
		t.Errorf("approve says\n%swant the end\n%s", got, want)
	}
}

func TestASwitchThatChangesNothingSaysWhatIsSo(t *testing.T) {
	t.Parallel()
	const (
		nothing    = "fax is not disabled here; if it was on another server or in the database, that is taken back within two seconds. "
		unapproved = "Nobody has approved it, so only a server with --trust any runs it; look at what it asks for, and let it run, with: xrm plugin approve fax\n"
		stuck      = "If it does not run, xrm plugin list says why; xrm plugin reload fax starts it anew.\n"
	)
	type step struct{ args, out, complaints string }
	tests := map[string]struct {
		environ []string
		steps   []step
	}{
		"one that is approved": {nil, []step{
			{"approve fax --yes", "", ""},
			{"enable fax", nothing + stuck, ""},
			{"reload fax", "A running server starts fax anew within two seconds.\n", ""},
			{"disable fax", "fax is disabled. A running server stops it within two seconds.\n", ""},
			{"disable fax", "fax is disabled already, and does not run; let it run again with: xrm plugin enable fax\n", ""},
			{"reload fax", "", "fax is disabled, and so there is nothing to start anew; let it run again with: xrm plugin enable fax\n"},
			{"enable fax", "fax is enabled. A running server starts it within two seconds.\n", ""},
		}},
		"one that nobody has approved": {nil, []step{
			{"enable fax", nothing + unapproved, ""},
			{"reload fax", "fax is to start anew. " + unapproved, ""},
			{"disable fax", "fax is disabled. A running server stops it within two seconds.\n", ""},
			{"enable fax", "fax is enabled. " + unapproved, ""},
		}},
		"one that needs no approval": {[]string{"XRM_TRUST=any"}, []step{
			{"enable fax", nothing + stuck, ""},
			{"reload fax", "A running server starts fax anew within two seconds.\n", ""},
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, environ := faxes(t)
			for _, one := range tt.steps {
				before, _ := os.ReadFile(filepath.Join(dir, "approved.yaml"))
				status, out, complaints := command(t, append(environ, tt.environ...), append([]string{"plugin"}, strings.Fields(one.args)...)...)
				if strings.HasPrefix(one.args, "approve") {
					continue
				}
				if failed := one.complaints != ""; failed != (status == 1) || out != one.out || complaints != one.complaints {
					t.Errorf("%s: status %d\n%s%swant\n%s%s", one.args, status, out, complaints, one.out, one.complaints)
				}
				after, _ := os.ReadFile(filepath.Join(dir, "approved.yaml"))
				if idle := one.complaints != "" || strings.Contains(one.out, "already"); idle != bytes.Equal(before, after) {
					t.Errorf("%s: approved.yaml was\n%sand is\n%s", one.args, before, after)
				}
			}
		})
	}
}
