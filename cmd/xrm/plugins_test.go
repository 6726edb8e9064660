package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
)

// script makes a plugin folder whose executable is a shell script.
func script(t *testing.T, plugins, name, text string) {
	t.Helper()
	write(t, filepath.Join(plugins, name, "plugin.yaml"), "name: "+name+"\nversion: 1.0.0\nprotocol: 1\nexecutable: run\n")
	executable(t, filepath.Join(plugins, name, "run"), text)
}

func executable(t *testing.T, file, text string) {
	t.Helper()
	write(t, file+".new", "#!/bin/sh\n"+text)
	if err := os.Chmod(file+".new", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

// complaintStory makes two customers, and three complaints of the first, and
// returns the ids of the customers and of an open complaint.
func complaintStory(t *testing.T, p *process) (customers []string, complaint string) {
	t.Helper()
	p.pluginProcess("complaints") // on a busy machine xrm is ready before it is
	var made struct {
		CreateCustomers []struct{ Customer struct{ ID string } }
	}
	if err := p.ask(`mutation { createCustomers(data: [{kind: organization, displayName: "Futterhaus"}, {kind: organization, displayName: "Napf & Co."}]) { customer { id } } }`, nil, &made); err != nil {
		t.Fatal(err)
	}
	for _, c := range made.CreateCustomers {
		customers = append(customers, c.Customer.ID)
	}
	var complaints struct {
		CreateComplaints []struct{ Complaint struct{ ID string } }
	}
	if err := p.ask(`mutation ($c: ID!) { createComplaints(data: [
			{customer: $c, subject: "Late", receivedOn: "2026-03-02"},
			{customer: $c, subject: "Open bag", receivedOn: "2026-03-01", state: investigating},
			{customer: $c, subject: "Wrong size", receivedOn: "2026-02-01", state: rejected, reason: "There is one size only."}
		]) { complaint { id } } }`, map[string]any{"c": customers[0]}, &complaints); err != nil {
		t.Fatal(err)
	}
	return customers, complaints.CreateComplaints[0].Complaint.ID
}

const openByCustomer = `{ customers(orderBy: [{displayName: ASC}]) { nodes { displayName openComplaints { subject state } } } }`

func TestComplaintsAreKeptFromReceptionToClosing(t *testing.T) {
	t.Parallel()
	plugins := builtPlugins(t)
	stores(t, func(t *testing.T, flags ...string) {
		p := spawn(t, t.TempDir(), []string{"XRM_TIMEOUT_PLUGIN=30s"}, append(flags, "--plugins", plugins)...).ready()
		if got, want := p.out.String(), "  plugin   complaints 1.0.0: SERVING\n"; !strings.Contains(got, want) {
			t.Errorf("the server prints\n%swithout %s", got, want)
		}
		customers, complaint := complaintStory(t, p)

		err := p.ask(`mutation ($c: ID!) { createComplaint(data: {customer: $c, subject: "Too loud", state: rejected}) { complaint { id } } }`, map[string]any{"c": customers[1]}, new(rawText))
		if got, want := refusal(err), "INVALID The complaint was not saved: some fields need attention. reason is required when a complaint is rejected"; got != want {
			t.Errorf("a rejection without a reason: %s\nwant %s", got, want)
		}
		if got, want := p.must(openByCustomer, nil), `{"customers":{"nodes":[{"displayName":"Futterhaus","openComplaints":[{"subject":"Open bag","state":"investigating"},{"subject":"Late","state":"received"}]},{"displayName":"Napf & Co.","openComplaints":[]}]}}`; got != want {
			t.Errorf("open complaints %s\nwant %s", got, want)
		}
		closing := `mutation ($id: ID!) { closeComplaint(id: $id, resolution: "A new bag is on its way.") { state resolution customer { displayName } } }`
		if got, want := p.must(closing, map[string]any{"id": complaint}), `{"closeComplaint":{"state":"closed","resolution":"A new bag is on its way.","customer":{"displayName":"Futterhaus"}}}`; got != want {
			t.Errorf("closing answers %s\nwant %s", got, want)
		}
		if got, want := refusal(p.ask(closing, map[string]any{"id": complaint}, new(rawText))), "CONFLICT The complaint was closed before. Read its resolution, or open it again first."; got != want {
			t.Errorf("closing again: %s\nwant %s", got, want)
		}
		history := `query ($id: ID!) { complaintHistory(id: $id, first: 1) { version action actorName via changes { field from to } } }`
		if got, want := p.must(history, map[string]any{"id": complaint}), `{"complaintHistory":[{"version":2,"action":"updated","actorName":"administrator","via":"complaints","changes":[{"field":"resolution","from":null,"to":"A new bag is on its way."},{"field":"state","from":"received","to":"closed"}]}]}`; got != want {
			t.Errorf("the history says %s\nwant %s", got, want)
		}
		if got, want := p.must(openByCustomer, nil), `{"customers":{"nodes":[{"displayName":"Futterhaus","openComplaints":[{"subject":"Open bag","state":"investigating"}]},{"displayName":"Napf & Co.","openComplaints":[]}]}}`; got != want {
			t.Errorf("open complaints after closing one %s\nwant %s", got, want)
		}
		p.stop()
	})
}

// pluginProcess is the process id of the plugin that has served last.
func (p *process) pluginProcess(name string) int {
	p.t.Helper()
	text := p.await(p.log, `(?s).*msg="plugin serves" plugin=`+name+` version=\S+ pid=(\d+)`)[1]
	pid, err := strconv.Atoi(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return pid
}

// subscribed waits until no event can be missed any more.
func (p *process) subscribed(name string) {
	p.t.Helper()
	p.await(p.log, `msg="plugin is told of events" plugin=`+name+` `)
}

func TestAPluginThatIsKilledTakesNothingWithItAndComesBack(t *testing.T) {
	t.Parallel()
	plugins, data := builtPlugins(t), t.TempDir()
	program, broken := filepath.Join(plugins, "complaints", "complaints"), filepath.Join(data, "plugins", "state", "complaints", "broken")
	if err := os.Rename(program, program+".kept"); err != nil {
		t.Fatal(err)
	}
	executable(t, program, "[ -e $STATE_DIRECTORY/broken ] || exec ./complaints.kept\necho out of paper >&2\nexit 3\n")
	p := spawn(t, data, nil, "--plugins", plugins).ready()
	customers, complaint := complaintStory(t, p)

	// A plugin that dies at once each time is away long enough to be looked at.
	write(t, broken, "")
	if err := syscall.Kill(p.pluginProcess("complaints"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	p.await(p.log, `msg="plugin failed" plugin=complaints state=BACKOFF failures=2`)

	const down = "UNAVAILABLE The plugin complaints is not running at the moment. Try again in a few seconds."
	closing, id := `mutation ($id: ID!) { closeComplaint(id: $id, resolution: "A new bag.") { state } }`, map[string]any{"id": complaint}
	if got := refusal(p.ask(closing, id, new(rawText))); got != down {
		t.Errorf("closeComplaint: %s\nwant %s", got, down)
	}
	// Its rule cannot be asked, so nothing may be saved that it would judge.
	if got := refusal(p.ask(`mutation ($id: ID!) { updateComplaint(id: $id, data: {state: rejected}) { complaint { id } } }`, id, new(rawText))); got != down {
		t.Errorf("updateComplaint: %s\nwant %s", got, down)
	}
	if got, want := p.must(`{ complaints(orderBy: [{receivedOn: ASC}]) { nodes { subject customer { displayName } } } }`, nil), `{"complaints":{"nodes":[{"subject":"Wrong size","customer":{"displayName":"Futterhaus"}},{"subject":"Open bag","customer":{"displayName":"Futterhaus"}},{"subject":"Late","customer":{"displayName":"Futterhaus"}}]}}`; got != want {
		t.Errorf("the complaints are %s\nwant %s", got, want)
	}
	if got, want := p.must(oneProduct, nil), `{"createProduct":{"product":{"sku":"P-1","version":1}}}`; got != want {
		t.Errorf("a product: %s\nwant %s", got, want)
	}
	var partial struct {
		Customer struct {
			DisplayName    string
			OpenComplaints any
		}
	}
	err := p.ask(`query ($id: ID!) { customer(id: $id) { displayName openComplaints { id } } }`, map[string]any{"id": customers[0]}, &partial)
	if got := refusal(err); got != down || partial.Customer.DisplayName != "Futterhaus" || partial.Customer.OpenComplaints != nil {
		t.Errorf("a customer: %s, %+v", got, partial)
	}
	if status, _ := p.get("/readyz"); status != http.StatusOK {
		t.Errorf("without the plugin /readyz answers %d", status)
	}
	state := p.must(`{ plugins { name state lastError } }`, nil)
	if want := `,"lastError":"start: its process ended: exit status 3\nout of paper"}]}`; !strings.HasSuffix(state, want) {
		t.Errorf("the plugin's state is %s\nwant it to end with %s", state, want)
	}

	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if got := refusal(p.ask(closing, id, new(rawText))); got == down {
			return got
		}
		return ""
	})
	if got, want := p.must(`query ($id: ID!) { complaint(id: $id) { state resolution } }`, id), `{"complaint":{"state":"closed","resolution":"A new bag."}}`; got != want {
		t.Errorf("the complaint is %s\nwant %s", got, want)
	}
	p.stop()
}

// suspend returns when every thread of a process stands still.
func suspend(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if status := read(t, fmt.Sprintf("/proc/%d/status", pid)); !strings.Contains(status, "State:\tT") {
			return "the process runs on"
		}
		return ""
	})
}

func TestAPluginThatHangsHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	p := spawn(t, t.TempDir(), nil, "--plugins", builtPlugins(t)).ready()
	_, complaint := complaintStory(t, p)
	suspend(t, p.pluginProcess("complaints"))
	closed := make(chan error, 1)
	go func() {
		closed <- p.ask(`mutation ($id: ID!) { closeComplaint(id: $id, resolution: "A new bag.") { state } }`, map[string]any{"id": complaint}, new(rawText))
	}()
	if got, want := p.must(`{ complaints { totalCount } }`, nil), `{"complaints":{"totalCount":3}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	const late = "UNAVAILABLE The plugin complaints did not answer within 5s. Try again in a few seconds."
	if got := refusal(<-closed); got != late {
		t.Errorf("closeComplaint: %s\nwant %s", got, late)
	}
	p.stop() // also with a plugin that does not hear
}

func TestAPluginThatArrivesWhileTheDatabaseIsAwayIsPreparedForLater(t *testing.T) {
	t.Parallel()
	database, uri := newDoor(t)
	database.unlock()
	plugins, data := builtPlugins(t), t.TempDir()
	program := filepath.Join(plugins, "complaints", "complaints")
	if err := os.Rename(program, program+".kept"); err != nil {
		t.Fatal(err)
	}
	executable(t, program, "until [ -e $STATE_DIRECTORY/go ]; do sleep 0.05; done\nexec ./complaints.kept\n")
	p := spawn(t, data, append(impatient, "XRM_TIMEOUT_PLUGIN=10ms"), "--store", uri, "--plugins", plugins).ready()
	database.shut()
	write(t, filepath.Join(data, "plugins", "state", "complaints", "go"), "")
	p.await(p.log, `msg="plugin waits" plugin=complaints`) // until the database knows of it
	if status, body := p.get("/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d %s", status, body)
	}
	database.unlock()
	eventually(t, func() string {
		if status, body := p.get("/readyz"); status != http.StatusOK {
			return "/readyz answers " + body
		}
		return ""
	})
	complaintStory(t, p)
}

func TestPluginsThatMisbehaveAreShownAndTheServerRuns(t *testing.T) {
	t.Parallel()
	plugins := t.TempDir()
	script(t, plugins, "babbler", "echo hello world\nexec sleep 600\n")
	script(t, plugins, "quitter", "echo out of licenses >&2\nexit 7\n")
	script(t, plugins, "sleeper", "exec sleep 600\n")
	script(t, plugins, "stranger", "echo '1|1|unix|/etc/passwd|grpc|'\nexec sleep 600\n")
	script(t, plugins, "newcomer", "exit 0\n")
	write(t, filepath.Join(plugins, "newcomer", "plugin.yaml"), "name: newcomer\nversion: 1.0.0\nprotocol: 99\nexecutable: run\n")
	script(t, plugins, "mistyped", "exit 0\n")
	write(t, filepath.Join(plugins, "mistyped", "plugin.yaml"), "name: mistyped\nversion: 1.0.0\nprotocol: 1\nexecutabel: run\n")
	write(t, filepath.Join(plugins, "empty", "notes.txt"), "no plugin")

	p := spawn(t, t.TempDir(), nil, "--plugins", plugins).ready()
	if got, want := p.must(oneProduct, nil), `{"createProduct":{"product":{"sku":"P-1","version":1}}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	type state struct{ State, LastError string }
	got := map[string]state{}
	eventually(t, func() string {
		var answer struct {
			Plugins []struct {
				Name, State, LastError string
			}
		}
		text := p.must(`{ plugins { name state lastError } }`, nil)
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		for _, one := range answer.Plugins {
			if one.LastError == "" {
				return one.Name + " has no error yet"
			}
			if one.State == "STARTING" || one.State == "VERIFYING" || one.State == "CRASH_LOOP" {
				one.State = "BACKOFF" // the same, looked at earlier or later
			}
			got[one.Name] = state{one.State, one.LastError}
		}
		return ""
	})
	want := map[string]state{
		"babbler":  {"BACKOFF", `start: it printed "hello world" on standard output, where only the handshake may be; print to standard error`},
		"mistyped": {"INVALID", "invalid: " + plugins + `/mistyped/plugin.yaml:4: unknown key "executabel"; did you mean "executable"?`},
		"newcomer": {"INCOMPATIBLE", "incompatible: newcomer speaks plugin protocol 99 and this xrm speaks 1; upgrade xrm or use an older version of the plugin"},
		"quitter":  {"BACKOFF", "start: its process ended: exit status 7\nout of licenses"},
		"sleeper":  {"BACKOFF", "start: it was not ready in time"},
		"stranger": {"BACKOFF", `start: it wants to be reached at "unix /etc/passwd"; only a unix socket in PLUGIN_UNIX_SOCKET_DIR is allowed`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	p.stop()
}

func TestAPluginIsApprovedAndRemovedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	plugins := builtPlugins(t)
	p := spawn(t, t.TempDir(), nil, "--plugins", plugins, "--trust", "approved").ready()
	if want := "  plugin   complaints 1.0.0: INVALID: complaints 1.0.0 is not approved; look at what it asks for, and let it run, with: xrm plugin approve complaints\n"; !strings.Contains(p.out.String(), want) {
		t.Errorf("the server prints\n%swithout %s", p.out.String(), want)
	}
	approvals := pluginhost.Approvals{Plugins: plugins}
	review, err := approvals.Review("complaints")
	if err == nil {
		err = approvals.Approve(review, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	pid := p.pluginProcess("complaints")
	_, complaint := complaintStory(t, p)
	id := map[string]any{"id": complaint}
	reject := `mutation ($id: ID!) { updateComplaint(id: $id, data: {state: rejected}) { complaint { state } } }`
	if got, want := refusal(p.ask(reject, id, new(rawText))), "INVALID The complaint was not saved: some fields need attention. reason is required when a complaint is rejected"; got != want {
		t.Errorf("%s, want %s", got, want)
	}

	if err := os.RemoveAll(filepath.Join(plugins, "complaints")); err != nil {
		t.Fatal(err)
	}
	p.becomes(`{ plugins { update } }`, nil, `{"plugins":[{"update":"complaints 1.0.0 is in force, and its folder is not here: put it into `+plugins+`, or end it with: xrm plugin remove complaints"}]}`)
	if err := p.ask(reject, id, new(rawText)); err == nil {
		t.Error("while the folder is away, a rejection without a reason is saved")
	}
	status, out, complaints := command(t, nil, "plugin", "remove", "complaints", "--data", p.data)
	const removed = "complaints 1.0.0 is removed. A running server stops it within two seconds. Its records stay, and so do the names of its entities: complaint. Bring it back with: xrm plugin approve complaints\n"
	if status != 0 || out != removed || complaints != "" {
		t.Errorf("status %d\n%s%swant\n%s", status, out, complaints, removed)
	}
	p.await(p.log, `msg="plugin does not run any more" plugin=complaints state=REMOVED`)
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d is still there", pid)
	}
	if got, want := p.must(`{ complaints { totalCount } plugins { name state } }`, nil), `{"complaints":{"totalCount":3},"plugins":[{"name":"complaints","state":"REMOVED"}]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := p.must(reject, id), `{"updateComplaint":{"complaint":{"state":"rejected"}}}`; got != want {
		t.Errorf("without its rule: %s, want %s", got, want)
	}
	err = p.ask(`mutation ($id: ID!) { closeComplaint(id: $id, resolution: "x") { state } }`, id, new(rawText))
	if err == nil || !strings.Contains(err.Error(), "closeComplaint") {
		t.Errorf("its mutation: %v", err)
	}
	p.stop()
}

func TestWhatAPluginHasBroughtIsThereWhenItDoesNotStart(t *testing.T) {
	t.Parallel()
	plugins, data := builtPlugins(t), t.TempDir()
	p := spawn(t, data, nil, "--plugins", plugins).ready()
	customers, _ := complaintStory(t, p)
	p.stop()

	executable(t, filepath.Join(plugins, "complaints", "complaints"), "exit 3\n")
	p = spawn(t, data, nil, "--plugins", plugins).ready()
	if got, want := p.must(`{ complaints { totalCount } }`, nil), `{"complaints":{"totalCount":3}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	const down = "UNAVAILABLE The plugin complaints is not running at the moment. Try again in a few seconds."
	err := p.ask(`query ($id: ID!) { customer(id: $id) { openComplaints { id } } }`, map[string]any{"id": customers[0]}, new(rawText))
	if got := refusal(err); got != down {
		t.Errorf("its field: %s, want %s", got, down)
	}
	p.stop()
}
