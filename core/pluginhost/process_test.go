package pluginhost_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
)

// inFolder is the folder of a plugin's socket, in a text.
var inFolder = regexp.MustCompile(`/[^"]*/plugin-dir\d+/`)

func TestAPluginThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		state pluginhost.State
		want  string // how LastError begins; "DIR" is the plugin directory
	}{
		"hangs":           {pluginhost.Backoff, "start: it was not ready in time"},
		"exits":           {pluginhost.Backoff, "start: its process ended: exit status 3\nno license found"},
		"prints-first":    {pluginhost.Backoff, `start: it printed "Welcome!" on standard output, where only the handshake may be; print to standard error`},
		"made-up-address": {pluginhost.Backoff, `start: it wants to be reached at "tcp 127.0.0.1:1"; only a unix socket in PLUGIN_UNIX_SOCKET_DIR is allowed`},
		"linked":          {pluginhost.Backoff, `start: it wants to be reached at "FOLDER/plugin", and that is a link, which is not followed; it has to listen there itself`},
		"no-certificate":  {pluginhost.Backoff, "start: its handshake has no certificate; every connection is encrypted with mutual TLS"},
		"net-rpc":         {pluginhost.Backoff, `start: it speaks "netrpc"; only grpc is understood`},
		"other-protocol":  {pluginhost.Incompatible, "start: incompatible: it speaks plugin protocol 7 and this xrm speaks 1; upgrade xrm or use an older version of the plugin"},
		"panics":          {pluginhost.Backoff, "it ended while it was asked what it is: its process ended: exit status 2\npanic: no such thing"},
		"falters":         {pluginhost.Backoff, "describe: it answered outside of the protocol: out of paper"},
		"refuses":         {pluginhost.Backoff, "describe: it does not know the call; build it with a newer sdk, or let Describe not name what needs it"},
		"ends-at-once":    {pluginhost.Backoff, "start: it ended its lifeline (Watch) instead of saying how it is; leave it open until the host ends it"},
		"lets-go":         {pluginhost.Backoff, "it closed its lifeline (Watch) and was killed; leave it open until the host ends it"},
		"someone-else":    {pluginhost.Invalid, "invalid: it says that it is complaints 1.0.0, but its plugin.yaml says someone-else 1.0.0"},
	}
	for role, tt := range tests {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			config := pluginhost.Config{Dir: install(t, role), MinBackoff: time.Hour, MaxBackoff: time.Hour}
			if role == "hangs" {
				config.StartTimeout = 500 * time.Millisecond
			}
			h := start(t, config)
			got := await(t, h, role, in(tt.state))
			got.LastError = inFolder.ReplaceAllString(got.LastError, "FOLDER/")
			if !strings.HasPrefix(got.LastError, tt.want) || got.PID != 0 {
				t.Errorf("LastError = %q, PID %d; want %q, 0", got.LastError, got.PID, tt.want)
			}
		})
	}
}

func TestAPluginThatFailsAgainAndAgainIsInACrashLoopAndStillTried(t *testing.T) {
	t.Parallel()
	h := start(t, pluginhost.Config{Dir: install(t, "exits")})
	await(t, h, "exits", in(pluginhost.CrashLoop))
	await(t, h, "exits", func(s pluginhost.Status) bool { return s.Restarts >= 7 })
}

func TestAPluginThatFailsIsNotHurriedByWhatConcernsAnother(t *testing.T) {
	t.Parallel()
	dir := install(t, "exits", "good")
	h := start(t, pluginhost.Config{Dir: dir, MinBackoff: time.Hour, MaxBackoff: time.Hour})
	await(t, h, "good", in(pluginhost.Serving))
	waits := await(t, h, "exits", func(s pluginhost.Status) bool { return s.State == pluginhost.Backoff && s.Restarts == 1 })
	write(t, filepath.Join(dir, pluginhost.ApprovalsFile), "good: {disabled: true}\n")
	await(t, h, "good", in(pluginhost.Disabled))
	write(t, filepath.Join(dir, pluginhost.ApprovalsFile), "")
	await(t, h, "good", in(pluginhost.Serving))
	if now := await(t, h, "exits", in(pluginhost.Backoff)); now.Since != waits.Since {
		t.Errorf("it waits anew since %s, not since %s", now.Since, waits.Since)
	}
}

func TestGarbageOnTheOutputsHarmsNobody(t *testing.T) {
	t.Parallel()
	h := serving(t, "garbage", pluginhost.Config{})
	if _, err := h.Call(t.Context(), record.Basis{Model: model(t)}, agent, operation(t, h, "environment"), nil, record.Key{}); err != nil {
		t.Error(err)
	}
	if s := h.Plugins()[0]; s.State != pluginhost.Serving || s.Restarts != 0 {
		t.Errorf("after garbage the plugin is %+v, want it serving", s)
	}
}

func TestAKilledPluginComesBack(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{})
	killed := h.Plugins()[0].PID
	began := time.Now()
	signal(t, killed, syscall.SIGKILL)
	back := await(t, h, "good", func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.Restarts == 1 })
	if back.LastError != "its process was killed by SIGKILL, and not by xrm: perhaps the machine was out of memory" || back.PID == killed {
		t.Errorf("LastError = %q, PID %d after %d", back.LastError, back.PID, killed)
	}
	t.Logf("serving again after %s", time.Since(began))
}

func TestAPluginThatHangsLaterIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{HealthEvery: 50 * time.Millisecond, HealthTimeout: 300 * time.Millisecond})
	signal(t, h.Plugins()[0].PID, syscall.SIGSTOP)
	back := await(t, h, "good", func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.Restarts == 1 })
	if want := "it did not answer 3 health checks in a row and was killed"; back.LastError != want {
		t.Errorf("LastError = %q, want %q", back.LastError, want)
	}
}

func TestAGrandchildWithThePipesHidesNoDeath(t *testing.T) {
	t.Parallel()
	h := serving(t, "grandchild", pluginhost.Config{})
	began := time.Now()
	signal(t, h.Plugins()[0].PID, syscall.SIGKILL)
	await(t, h, "grandchild", func(s pluginhost.Status) bool { return s.Restarts == 1 })
	if took := time.Since(began); took > 10*time.Second { // a second is plenty, and the grandchild lives for twenty
		t.Errorf("its death was noticed after %s", took)
	}
}

func TestCloseEndsAPluginThatHangs(t *testing.T) {
	t.Parallel()
	h, err := begin(pluginhost.Config{Trust: pluginhost.TrustAny, Dir: install(t, "good"), Open: (&memory{}).open, DrainTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	pid := await(t, h, "good", in(pluginhost.Serving)).PID
	signal(t, pid, syscall.SIGSTOP)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d is still there after Close", pid)
	}
	if got := h.Plugins()[0].State; got != pluginhost.Stopped {
		t.Errorf("state = %s, want %s", got, pluginhost.Stopped)
	}
}

func TestCloseDoesNotWaitForAStart(t *testing.T) {
	t.Parallel()
	h, err := begin(pluginhost.Config{Trust: pluginhost.TrustAny, Dir: install(t, "hangs"), StartTimeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAPluginSeesNothingOfTheHostsEnvironment(t *testing.T) {
	t.Setenv("XRM_STORE", "mongodb://user:secret@db")
	h := serving(t, "good", pluginhost.Config{})
	got, err := h.Call(t.Context(), record.Basis{Model: model(t)}, agent, operation(t, h, "environment"), nil, record.Key{})
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"PATH", "LANG", "TZ", "TMPDIR", "XRM_PLUGIN", "STATE_DIRECTORY", "PWD"}
	for _, pair := range got.([]any) {
		name, _, _ := strings.Cut(pair.(string), "=")
		if !slices.Contains(allowed, name) && !strings.HasPrefix(name, "PLUGIN_") {
			t.Errorf("the plugin sees %s", name)
		}
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	run := filepath.Join(shortDir(t), "run")
	h, err := begin(pluginhost.Config{Trust: pluginhost.TrustAny, Dir: install(t, "good", "exits"), RunDir: run, MinBackoff: time.Hour, MaxBackoff: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	await(t, h, "good", in(pluginhost.Serving))
	await(t, h, "exits", in(pluginhost.Backoff))
	if info, err := os.Stat(run); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("run directory: %v, %v; want it to be for us alone", info.Mode(), err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(run)
	if err != nil || len(left) > 0 {
		t.Errorf("in the run directory: %v, %v; want nothing", left, err)
	}
}

func signal(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

// hostUntilKilled is the other process of TestPluginsDieWithTheHost.
func hostUntilKilled(dir string) {
	config := pluginhost.Config{Dir: dir, Trust: pluginhost.TrustAny}
	if os.Getenv("XRM_TEST_SHIM") != "" {
		config.Shim = []string{"/proc/self/exe", shimWord}
	}
	h, err := begin(config)
	if err != nil {
		panic(err)
	}
	_ = h.Wait(context.Background(), func(all []pluginhost.Status) bool { return len(all) > 0 && all[0].State == pluginhost.Serving })
	fmt.Println(h.Plugins()[0].PID)
	select {}
}
