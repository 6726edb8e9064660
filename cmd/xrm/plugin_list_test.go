package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
)

// succeeds runs a command line that has to succeed without a word of complaint.
func succeeds(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	status, out, complaints := command(t, environ, args...)
	if status != 0 || complaints != "" {
		t.Fatalf("%v: status %d\n%s%s", args, status, out, complaints)
	}
	return out
}

func TestAnAdministratorSwitchesAPluginThatRuns(t *testing.T) {
	t.Parallel()
	plugins := playing(t, "visits")
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins, "--trust", "approved").ready()
	environ := append(p.environ(), "XRM_PLUGINS="+plugins)
	listed := func(pattern string) {
		t.Helper()
		eventually(t, func() string {
			if out := succeeds(t, environ, "plugin", "list"); !regexp.MustCompile(pattern).MatchString(out) {
				return out + "without " + pattern
			}
			return ""
		})
	}
	const at = `  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  `
	listed(`^NAME    VERSION  STATE    SINCE                RESTARTS  WAITING  DEAD
visits  1\.0\.0    INVALID` + at + `0         0        0
    visits 1\.0\.0 is not approved; look at what it asks for, and let it run, with: xrm plugin approve visits
$`)
	succeeds(t, environ, "plugin", "approve", "visits", "--yes")
	listed(`\nvisits  1\.0\.0    SERVING` + at + `0         0        0\n$`)

	first := p.pluginProcess("visits")
	if got, want := succeeds(t, environ, "plugin", "reload", "visits"), "A running server starts visits anew within two seconds.\n"; got != want {
		t.Errorf("restart: %s, want %s", got, want)
	}
	eventually(t, func() string {
		if syscall.Kill(first, 0) == nil {
			return "the old process is there"
		}
		return ""
	})
	listed(`\nvisits  1\.0\.0    SERVING`)

	if got, want := succeeds(t, environ, "plugin", "disable", "visits"), "visits is disabled. A running server stops it within two seconds.\n"; got != want {
		t.Errorf("disable: %s, want %s", got, want)
	}
	listed(`\nvisits  1\.0\.0    DISABLED` + at)
	if got, want := succeeds(t, environ, "plugin", "enable", "visits"), "visits is enabled. A running server starts it within two seconds.\n"; got != want {
		t.Errorf("enable: %s, want %s", got, want)
	}
	listed(`\nvisits  1\.0\.0    SERVING`)
	p.stop()
}

func TestTheListTellsWhatAPersonShouldKnowOfAPlugin(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 3, 2, 8, 30, 0, 0, time.UTC)
	plugins := []listedPlugin{
		{Name: "complaints", Version: "1.0.0", State: "SERVING", Since: since, LastError: "its process ended", Restarts: 1,
			Jobs:     []listedJob{{Name: "escalate", Outcome: "RUNNING", Done: 3, Total: 20, Note: "of May"}, {Name: "tidy", Outcome: "FAILED", Error: "disk full\nat once"}, {Name: "count", Outcome: "SUCCEEDED"}},
			Services: []listedService{{Name: "inbox", State: "RUNNING", Instance: "db1/7/1f", Since: &since, LastError: "of once"}, {Name: "line", State: "FAILED", Since: &since, LastError: "no route"}, {Name: "spool", State: "WAITING"}}},
		{Name: "fax", State: "CRASH_LOOP", Since: since, Restarts: 7, Events: backlog{Waiting: 120, Dead: 2, LastError: "The line is busy."}, LastError: "start: its process ended: exit status 7\n\x1b[2Jone\ntwo\nthree\nfour"},
		{Name: "phone", Version: "2.0.0", State: "DEGRADED", Since: since, Reason: "no line", Update: "invalid: phone 2.1.0 waits for approval",
			Failed: []listedFailure{{"BeforeSave call", 1, since, "BeforeSave call: panic: nil map"}, {"dial", 12, since, "The plugin phone did not answer within 5s."}}},
	}
	const want = `NAME        VERSION  STATE       SINCE                RESTARTS  WAITING  DEAD
complaints  1.0.0    SERVING     2026-03-02 08:30:00  1         0        0
    job escalate runs: 3 of 20 of May
    job tidy failed: disk full
      at once
    service inbox runs on db1/7/1f since 2026-03-02 08:30:00
    service line failed at 2026-03-02 08:30:00 and is begun again: no route
    service spool runs on no instance
fax                  CRASH_LOOP  2026-03-02 08:30:00  7         120      2
    start: its process ended: exit status 7
      �[2Jone
      two
      three
      four
    it is started again once a minute, and at once with: xrm plugin reload fax
    what became of its dead events says: xrm plugin dead-letters fax
    events are sent again: The line is busy.
phone       2.0.0    DEGRADED    2026-03-02 08:30:00  0         0        0
    no line
    update: invalid: phone 2.1.0 waits for approval
    BeforeSave call failed once, at 2026-03-02 08:30:00: panic: nil map
    dial failed 12 times, last at 2026-03-02 08:30:00: The plugin phone did not answer within 5s.
`
	var plain, colored bytes.Buffer
	if err := printPlugins(&plain, plugins, false); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, plain.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := printPlugins(&colored, plugins, true); err != nil {
		t.Fatal(err)
	}
	painted := regexp.MustCompile("\x1b\\[(\\d+)m(.*)\x1b\\[0m").FindAllStringSubmatch(colored.String(), -1)
	if len(painted) != 2 || painted[0][1] != "31" || painted[1][1] != "33" || regexp.MustCompile("\x1b\\[\\d+m").ReplaceAllString(colored.String(), "") != want {
		t.Errorf("painted are %q", painted)
	}
}

func TestAServerWithoutPluginsSaysWhereTheyWouldBe(t *testing.T) {
	server := start(t)
	const want = "The server has no plugins. It looks for them in the folder that its --plugins (XRM_PLUGINS) names.\n"
	if got := succeeds(t, server.environ(), "plugin", "list"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := succeeds(t, server.environ(), "plugin", "list", "--json"); got != "[]\n" {
		t.Errorf("got %q as JSON", got)
	}
}

// playClerk makes a plugin that fails until somebody has put paper into its
// state.
func playClerk(p *sdk.Plugin) {
	p.Events = []sdk.Subscription{sdk.On("product.created", func(context.Context, sdk.Host, *sdk.Event) error {
		if _, err := os.Stat(filepath.Join(os.Getenv("STATE_DIRECTORY"), "paper")); err != nil {
			return sdk.DeadLetter(errors.New("out of paper"))
		}
		return nil
	})}
	p.Jobs = []sdk.Job{sdk.Cron("tidy", "@yearly", func(context.Context, sdk.Host, *sdk.JobRun) error {
		return errors.New("the shelves are full")
	})}
}

// clerks is a folder with the clerk, who asks for the events.
func clerks(t *testing.T) string {
	t.Helper()
	plugins := playing(t, "clerk")
	write(t, filepath.Join(plugins, "clerk", "plugin.yaml"), "name: clerk\nversion: 1.0.0\nprotocol: 1\nexecutable: clerk\nneeds: {events: [product.created]}\n")
	return plugins
}

func TestDeadLettersAreListedReplayedAndDiscarded(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := spawn(t, data, nil, "--plugins", clerks(t)).ready()
	p.pluginProcess("clerk")
	p.subscribed("clerk")
	letters := func(flags ...string) string {
		t.Helper()
		return succeeds(t, p.environ(), append([]string{"plugin", "dead-letters", "clerk"}, flags...)...)
	}
	read := func() (all []deadLetter) {
		t.Helper()
		if err := json.Unmarshal([]byte(letters("--json")), &all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if got, want := letters(), "clerk has no dead letters.\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	p.must(`mutation { createProducts(data: [{sku: "1", name: "Chai"}, {sku: "2", name: "Chang"}, {sku: "3", name: "Tofu"}]) { product { id } } }`, nil)
	eventually(t, func() string {
		if n := len(read()); n < 3 {
			return count(n, "dead letter", "dead letters")
		}
		return ""
	})
	dead := read()
	row := regexp.MustCompile(`^ID +TOPIC +DEAD SINCE +ATTEMPTS  REASON\n` + dead[0].ID + `  product\.created  ` + dead[0].DeadAt.Format(time.DateTime) + `  \d         .*out of paper\n`)
	if got := letters(); !row.MatchString(got) {
		t.Errorf("the list is\n%s\nwant %s", got, row)
	}
	if out := succeeds(t, p.environ(), "plugin", "list"); !regexp.MustCompile(`\nclerk +1\.0\.0 +SERVING .* 0 +0 +3\n`).MatchString(out) {
		t.Errorf("the plugin is listed as\n%s", out)
	}
	if got, want := letters("--discard", dead[0].ID), "1 dead letter of clerk: discarded.\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	status, _, complaints := command(t, p.environ(), "plugin", "dead-letters", "clerk", "--replay", dead[0].ID)
	if want := "1 id is not that of a dead letter of clerk; xrm plugin dead-letters clerk lists those that there are\n"; status != 1 || complaints != want {
		t.Errorf("one that is gone: status %d, %s, want %s", status, complaints, want)
	}
	if err := os.WriteFile(filepath.Join(data, "plugins", "state", "clerk", "paper"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := letters("--replay", dead[1].ID), "1 dead letter of clerk: delivered again.\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := letters("--replay-all"), "1 dead letter of clerk: delivered again.\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	eventually(t, func() string {
		var all []listedPlugin
		if err := json.Unmarshal([]byte(succeeds(t, p.environ(), "plugin", "list", "--json")), &all); err != nil {
			t.Fatal(err)
		}
		return cmp.Diff(backlog{}, all[0].Events)
	})
	status, _, complaints = command(t, p.environ(), "plugin", "dead-letters", "clrk")
	if want := "there is no plugin clrk in the server; did you mean \"clerk\"?\n"; status != 1 || complaints != want {
		t.Errorf("a name mistyped: status %d, %s, want %s", status, complaints, want)
	}
	p.stop()
}

func TestAJobIsRunAtOnceAndTheListTellsHowItWent(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil, "--plugins", clerks(t)).ready()
	p.pluginProcess("clerk")
	if got, want := succeeds(t, p.environ(), "plugin", "run-job", "clerk", "tidy"), "tidy of clerk is due now.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	eventually(t, func() string {
		if out := succeeds(t, p.environ(), "plugin", "list"); !strings.Contains(out, "\n    job tidy failed: ") {
			return out
		}
		return ""
	})
	status, _, complaints := command(t, p.environ(), "plugin", "run-job", "clerk", "tdy")
	if want := "The plugin clerk has no job tdy, or does not run.\n"; status != 1 || complaints != want {
		t.Errorf("a job mistyped: status %d, %s, want %s", status, complaints, want)
	}
	status, _, complaints = command(t, p.environ(), "plugin", "cancel-job", "clerk", "tidy")
	if want := "The job tidy of clerk does not run; there is nothing to cancel.\n"; status != 1 || complaints != want {
		t.Errorf("a job that does not run: status %d, %s, want %s", status, complaints, want)
	}
	p.stop()
}
