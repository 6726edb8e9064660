package pluginhost_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
)

func TestAnUpgradeLosesNoCall(t *testing.T) {
	t.Parallel()
	h, dir := working(t, pluginhost.Config{})
	look, work, m := operation(t, h, "look"), operation(t, h, "work"), model(t)
	ctx, stop := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	var calls atomic.Int64
	for range 8 {
		callers.Go(func() {
			for ctx.Err() == nil {
				for _, op := range []snapshot.Operation{look, work} {
					if _, err := h.Call(context.WithoutCancel(ctx), record.Basis{Model: m}, agent, op, map[string]any{"what": "version"}, record.Key{}); err != nil {
						t.Errorf("a call of %s: %v", op.Name, err)
					}
					calls.Add(1)
				}
			}
		})
	}
	for _, version := range []string{"1.1.0", "1.2.0", "1.3.0"} {
		put(t, dir, "works", version, "")
		await(t, h, "p", serves(version))
	}
	stop()
	callers.Wait()
	if s := h.Plugins()[0]; s.Restarts != 0 || s.LastError != "" || s.Update != "" {
		t.Errorf("after three upgrades: %+v", s)
	}
	t.Logf("%d calls", calls.Load())
}

func TestACallThatRunsEndsOnTheVersionThatItBeganOn(t *testing.T) {
	t.Parallel()
	h, dir := working(t, pluginhost.Config{})
	file := filepath.Join(t.TempDir(), "go")
	answer := make(chan string, 1)
	began := make(chan struct{})
	go func() {
		close(began)
		said, err := does(t.Context(), t, h, "work", "await "+file)
		if err != nil {
			said = err.Error()
		}
		answer <- said
	}()
	<-began
	for must(t, h, "version") != "1.0.0" { // a call after it was answered, so it has most likely begun
	}
	put(t, dir, "works", "1.1.0", "")
	await(t, h, "p", serves("1.1.0"))
	if got := must(t, h, "version"); got != "1.1.0" {
		t.Errorf("a new call is answered by %s", got)
	}
	write(t, file, "")
	if got := <-answer; got != "1.0.0" {
		t.Errorf("the old call answers %q, want 1.0.0", got)
	}
}

func TestAnUpgradeThatFailsLeavesTheOldVersionServing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ role, more, want string }{
		"it does not start":     {"exits", "", "1.1.0 could not take over: start: its process ended: exit status 3\nno license found"},
		"it is another":         {"someone-else", "", "1.1.0 could not take over: invalid: it says that it is complaints 1.1.0, but its plugin.yaml says p 1.1.0"},
		"its manifest is wrong": {"works", "exclusiv: true\n", `plugin.yaml:5: unknown key "exclusiv"; did you mean "exclusive"?`},
		"it is for another xrm": {"works", "features: [teleport]\n", `incompatible: p needs the feature "teleport", which this xrm does not have; upgrade xrm or use an older version of the plugin`},
		"it must be alone":      {"exits", "exclusive: true\n", "1.1.0 could not take over: start: its process ended: exit status 3\nno license found"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, dir := working(t, pluginhost.Config{})
			put(t, dir, tt.role, "1.1.0", tt.more)
			s := await(t, h, "p", func(s pluginhost.Status) bool { return s.Update != "" && s.State == pluginhost.Serving })
			if !strings.HasSuffix(s.Update, tt.want) || s.Version != "1.0.0" {
				t.Errorf("version %s, Update = %s\nwant %s", s.Version, s.Update, tt.want)
			}
			if got := must(t, h, "version"); got != "1.0.0" {
				t.Errorf("%s answers, want 1.0.0", got)
			}

			// A crash does not bring the bad version up either.
			if _, err := does(t.Context(), t, h, "work", "die"); err == nil {
				t.Error("the plugin did not die")
			}
			await(t, h, "p", func(s pluginhost.Status) bool { return serves("1.0.0")(s) && s.Restarts == 1 })

			put(t, dir, "works", "1.2.0", "")
			await(t, h, "p", func(s pluginhost.Status) bool { return serves("1.2.0")(s) && s.Update == "" })
		})
	}
}

func TestANewPluginIsStartedAndARemovedOneLeavesItsEntities(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), t.TempDir()
	var mu sync.Mutex
	offered := map[string]int{} // operations of the last contribution
	admit := func(o snapshot.Offer) error {
		mu.Lock()
		defer mu.Unlock()
		offered[o.Plugin] = len(o.Operations)
		return admitted(o)
	}
	store := registry(t, kept)
	h := start(t, pluginhost.Config{Dir: dir, CacheDir: kept, Admit: admit, Registry: store})
	if got := h.Plugins(); len(got) != 0 {
		t.Fatalf("plugins = %v, want none", got)
	}
	put(t, dir, "works", "1.0.0", "")
	pid := await(t, h, "p", in(pluginhost.Serving)).PID
	take(t, dir)
	s := await(t, h, "p", updates("p 1.0.0 is in force, and its folder is not here: put it into "+dir+", or end it with: xrm plugin remove p"))
	if s.State != pluginhost.Serving || s.PID != pid {
		t.Errorf("a plugin whose folder is away: %+v, want that it goes on", s)
	}
	remove(t, store, "p")
	await(t, h, "p", in(pluginhost.Removed))
	entitiesOnly := func(h *pluginhost.Host) {
		t.Helper()
		list := h.Contributions()
		if len(list) != 1 || len(list[0].Entities) != 1 || list[0].BeforeSave != nil || list[0].Operations != nil {
			t.Errorf("what is left is %+v, want the entities", list)
		}
		mu.Lock()
		defer mu.Unlock()
		if offered["p"] != 0 {
			t.Errorf("the API still has %d operations", offered["p"])
		}
	}
	entitiesOnly(h)
	if exists(pid) {
		t.Errorf("process %d is still there", pid)
	}

	later := start(t, pluginhost.Config{Dir: dir, CacheDir: kept, Admit: admit})
	await(t, later, "p", in(pluginhost.Removed))
	entitiesOnly(later)
	put(t, dir, "works", "1.0.0", "")
	if err := (pluginhost.Approvals{Plugins: dir}).Enable("p", time.Now()); err != nil {
		t.Fatal(err)
	}
	await(t, later, "p", in(pluginhost.Serving))
	if list := later.Contributions(); len(list[0].Operations) != len(jobs) {
		t.Errorf("a plugin that is back contributes %+v", list)
	}
}

func exists(pid int) bool {
	_, err := os.Stat(filepath.Join("/proc", strconv.Itoa(pid)))
	return err == nil
}

func TestSettingsTakeEffectWithoutARestart(t *testing.T) {
	t.Parallel()
	h, dir := working(t, pluginhost.Config{})
	pid := h.Plugins()[0].PID
	write(t, filepath.Join(dir, "p.yaml"), "timeouts: {query: 70ms}\n")
	awaitTrue(t, h, func() bool { return h.Terms("p").Timeouts.Query == 70*time.Millisecond })
	_, err := does(t.Context(), t, h, "look", "hang")
	if want := "UNAVAILABLE The plugin p did not answer within 70ms. Try again in a few seconds."; told(err) != want {
		t.Errorf("a query that hangs: %s; want %s", told(err), want)
	}
	if s := h.Plugins()[0]; s.PID != pid {
		t.Errorf("process %d after %d: it was started again", s.PID, pid)
	}

	write(t, filepath.Join(dir, "p.yaml"), "config: {url: http://erp}\n")
	s := await(t, h, "p", updates("settings"))
	if want := "its new settings do not take effect: misconfigured: " + dir + "/p.yaml:1: config: url is no setting"; s.Update != want || s.State != pluginhost.Serving {
		t.Errorf("%s, Update = %s; want %s", s.State, s.Update, want)
	}
	write(t, filepath.Join(dir, "p.yaml"), "timeout: {query: 1s}\n")
	s = await(t, h, "p", updates("timeout"))
	if want := `misconfigured: ` + dir + `/p.yaml:1: unknown key "timeout"; did you mean "timeouts"?`; s.Update != want {
		t.Errorf("Update = %s; want %s", s.Update, want)
	}
}

func TestAPluginThatIsMisconfiguredServesOnceItsSettingsAreMended(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "")
	write(t, filepath.Join(dir, "p.yaml"), "config:\n  url: http://erp\n")
	h := start(t, pluginhost.Config{Dir: dir})
	got := await(t, h, "p", in(pluginhost.Misconfigured))
	if want := "misconfigured: " + dir + "/p.yaml:2: config: url is no setting"; got.LastError != want {
		t.Errorf("LastError = %s, want %s", got.LastError, want)
	}
	write(t, filepath.Join(dir, "p.yaml"), "limits: {memory: 64MiB}\n")
	await(t, h, "p", in(pluginhost.Serving))
	if got := must(t, h, "environment GOMEMLIMIT"); got != "64MiB" {
		t.Errorf("GOMEMLIMIT = %q", got)
	}
}

func TestAllThatIsWrongInTheSettingsIsToldAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "")
	h := start(t, pluginhost.Config{Dir: dir})
	want := func(file string) string {
		return "misconfigured: " + file + `:1: unknown key "timeout"; did you mean "timeouts"?` + "\n" +
			file + ":3: config: url is no setting\n" + file + `:4: "lots" where an amount such as 256MiB is expected`
	}(filepath.Join(dir, "p.yaml"))
	pid := await(t, h, "p", in(pluginhost.Serving)).PID
	write(t, filepath.Join(dir, "p.yaml"), "timeout: {query: 1s}\nconfig:\n  url: http://erp\nlimits: {memory: lots}\n")
	if got := await(t, h, "p", updates("timeout")); got.Update != want || got.PID != pid {
		t.Errorf("while process %d runs: process %d, Update = %s\nwant %s", pid, got.PID, got.Update, want)
	}
}

func TestOldCopiesAreSweptButForTheOneBefore(t *testing.T) {
	t.Parallel()
	kept := t.TempDir()
	h, dir := working(t, pluginhost.Config{CacheDir: kept})
	for _, version := range []string{"1.1.0", "1.2.0", "1.3.0"} {
		put(t, dir, "works", version, "")
		await(t, h, "p", serves(version))
	}
	var copies []os.DirEntry
	awaitTrue(t, h, func() bool {
		copies, _ = os.ReadDir(filepath.Join(kept, "installed", "p"))
		return len(copies) == 2
	})
}

func TestAPluginSaysThatItWorksInPartOnly(t *testing.T) {
	t.Parallel()
	h := start(t, pluginhost.Config{Dir: install(t, "limps")})
	if got := await(t, h, "limps", in(pluginhost.Degraded)); got.Reason != "the ERP is away" {
		t.Errorf("Reason = %q", got.Reason)
	}
	if _, err := h.Call(t.Context(), record.Basis{Model: model(t)}, agent, operation(t, h, "environment"), nil, record.Key{}); err != nil {
		t.Errorf("a degraded plugin is not asked: %v", err)
	}
}
