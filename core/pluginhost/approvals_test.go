package pluginhost_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/snapshot"
)

func approve(t *testing.T, dir string) {
	t.Helper()
	a := pluginhost.Approvals{Plugins: dir}
	review, err := a.Review("p")
	if err == nil {
		err = a.Approve(review, time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestOnlyWhatIsApprovedRuns(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), t.TempDir()
	put(t, dir, "works", "1.0.0", "")
	h := start(t, pluginhost.Config{Dir: dir, CacheDir: kept, Trust: pluginhost.TrustApproved})
	got := await(t, h, "p", in(pluginhost.Invalid))
	if want := "invalid: p 1.0.0 is not approved; look at what it asks for, and let it run, with: xrm plugin approve p"; got.LastError != want {
		t.Errorf("LastError = %s, want %s", got.LastError, want)
	}
	approve(t, dir)
	await(t, h, "p", serves("1.0.0"))

	put(t, dir, "works", "1.1.0", "needs: {connect: [443]}\n")
	got = await(t, h, "p", updates("waits"))
	if want := "invalid: p 1.1.0 waits for approval, in place of 1.0.0; look at what it asks for, and let it run, with: xrm plugin approve p"; got.Update != want || got.Version != "1.0.0" {
		t.Errorf("%s, Update = %s, want %s", got.Version, got.Update, want)
	}

	// What was approved runs, even in a host that never saw it in the folder.
	later := start(t, pluginhost.Config{Dir: dir, CacheDir: kept, Trust: pluginhost.TrustApproved})
	await(t, later, "p", func(s pluginhost.Status) bool { return serves("1.0.0")(s) && updates("waits")(s) })

	approve(t, dir)
	await(t, h, "p", func(s pluginhost.Status) bool { return serves("1.1.0")(s) && s.Update == "" })
	if diff := cmp.Diff([]string{"connect 443"}, h.Terms("p").Needs.Lines()); diff != "" {
		t.Errorf("granted (-want +got):\n%s", diff)
	}
}

func TestWhatWasChangedAfterItsApprovalDoesNotRun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, want string }{
		"the program":  {"run", `^invalid: DIR/p/run is not what was approved: expected [0-9a-f]{12}, found [0-9a-f]{12}; if you know why, let it run with: xrm plugin approve p$`},
		"another file": {"words.txt", `^invalid: DIR/p is not what was approved: expected h1:\S{9}, found h1:\S{9}; if you know why, let it run with: xrm plugin approve p$`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, "works", "1.0.0", "")
			approve(t, dir)
			script(t, filepath.Join(dir, "p", tt.file), "exit 1")
			h := start(t, pluginhost.Config{Dir: dir, Trust: pluginhost.TrustApproved})
			got := await(t, h, "p", in(pluginhost.Invalid))
			if want := strings.ReplaceAll(tt.want, "DIR", regexp.QuoteMeta(dir)); !regexp.MustCompile(want).MatchString(got.LastError) {
				t.Errorf("LastError = %s\nwant        %s", got.LastError, want)
			}
		})
	}
}

func TestACopyThatWasTamperedWithIsMadeAgain(t *testing.T) {
	t.Parallel()
	dir, kept := t.TempDir(), t.TempDir()
	put(t, dir, "works", "1.0.0", "")
	approve(t, dir)
	config := pluginhost.Config{Dir: dir, CacheDir: kept, Trust: pluginhost.TrustApproved}
	await(t, start(t, config), "p", in(pluginhost.Serving))
	copies, err := filepath.Glob(filepath.Join(kept, "installed", "p", "*", "run"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies: %v, %v", copies, err)
	}
	script(t, copies[0], "exit 1")
	await(t, start(t, config), "p", in(pluginhost.Serving))
}

func TestAnAdminDisablesEnablesAndRestartsAPluginThatRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "")
	a := pluginhost.Approvals{Plugins: dir}
	approve(t, dir)
	h := start(t, pluginhost.Config{Dir: dir, Trust: pluginhost.TrustApproved})
	first := await(t, h, "p", in(pluginhost.Serving)).PID
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(a.Restart("p", time.Now()))
	second := await(t, h, "p", func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.PID != first }).PID
	do(a.Disable("p"))
	await(t, h, "p", in(pluginhost.Disabled))
	if list := h.Contributions(); len(list) != 1 || list[0].Operations != nil || len(list[0].Entities) != 1 {
		t.Errorf("of a disabled plugin there is %+v, want its entities", list)
	}
	do(a.Enable("p", time.Now()))
	await(t, h, "p", func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.PID != second })
	write(t, filepath.Join(dir, pluginhost.ApprovalsFile), "# taken back\n")
	got := await(t, h, "p", in(pluginhost.Invalid))
	if list := h.Contributions(); got.PID != 0 || len(list[0].BeforeSave) == 0 {
		t.Errorf("of a plugin whose approval was taken back: %+v, %+v; want no process, and that its rules fail closed", got, list)
	}
}

func TestARightThatIsTakenBackIsGoneAlsoWhenThePluginCannotDoWithoutIt(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{"two at a time": "", "one at a time": "exclusive: true\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			put(t, dir, "works", "1.0.0", "needs: {connect: [443], secrets: [erpToken]}\n"+more)
			approve(t, dir)
			h := start(t, pluginhost.Config{Dir: dir, Trust: pluginhost.TrustApproved, Admit: func(o snapshot.Offer) error {
				if !slices.Contains(o.Granted, "connect 443") {
					return errors.New("it must be allowed to connect")
				}
				return admitted(o)
			}})
			await(t, h, "p", in(pluginhost.Serving))
			file := filepath.Join(dir, pluginhost.ApprovalsFile)
			approved, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, file, strings.Replace(string(approved), "connect: [443], secrets: [erpToken]", "", 1))
			got := await(t, h, "p", in(pluginhost.Invalid))
			if want := "invalid: it must be allowed to connect"; got.LastError != want || got.PID != 0 {
				t.Errorf("%+v; want %s, and no process", got, want)
			}
		})
	}
}

func TestARestartIsTriedAtOnceHoweverLongTheBackoff(t *testing.T) {
	t.Parallel()
	dir, broken := t.TempDir(), filepath.Join(t.TempDir(), "broken")
	breakable(t, dir, broken)
	write(t, broken, "")
	h := start(t, pluginhost.Config{Dir: dir, MaxBackoff: time.Hour, MinBackoff: time.Hour})
	await(t, h, "p", func(s pluginhost.Status) bool { return s.State == pluginhost.Backoff && s.Restarts == 1 })
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if err := (pluginhost.Approvals{Plugins: dir}).Restart("p", time.Now()); err != nil {
		t.Fatal(err)
	}
	await(t, h, "p", in(pluginhost.Serving))
}

func TestApprovingKeepsWhatOthersWrote(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "needs:\n  # for the ERP\n  secrets: [erpToken]\n  records:\n    customer: {read: true}\n")
	file := filepath.Join(dir, pluginhost.ApprovalsFile)
	write(t, file, "# Only Ada edits this.\nother:\n  version: 2.0.0 # tried in March\n  folder: h1:abc\np:\n  disabled: true\n")
	approve(t, dir)
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(program: |folder: h1:|allowed: )[\w+/=:.-]{20,}`).ReplaceAllString(string(got), "${1}...")
	want := `# Only Ada edits this.
other:
  version: 2.0.0 # tried in March
  folder: h1:abc
p:
  disabled: true
  version: 1.0.0
  program: ...
  folder: h1:...
  needs:
    # for the ERP
    secrets: [erpToken]
    records:
      customer: {read: true}
  allowed: ...
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestAReviewShowsWhatIsNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "needs: {connect: [25], secrets: [erpToken], records: {customer: {read: true}}}\n")
	approve(t, dir)
	put(t, dir, "works", "1.1.0", "needs:\n  connect: [443]\n  secrets: [erpToken]\n  asPlugin: true\n  records:\n    customer:\n      read: true\n      fields: {displayName: read}\n")
	r, err := (pluginhost.Approvals{Plugins: dir}).Review("p")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"asPlugin", "connect 443", "records customer: {fields: {displayName: read}, read: true}"}, r.Added); diff != "" {
		t.Errorf("added (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"connect 25", "records customer: {read: true}"}, r.Removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if r.Before == nil || r.Before.Version != "1.0.0" {
		t.Errorf("before: %+v", r.Before)
	}

	// What changes between the look and the approval is not approved.
	script(t, filepath.Join(dir, "p", "run"), "exit 1")
	if err := (pluginhost.Approvals{Plugins: dir}).Approve(r, time.Now()); err != nil {
		t.Fatal(err)
	}
	h := start(t, pluginhost.Config{Dir: dir, Trust: pluginhost.TrustApproved})
	await(t, h, "p", in(pluginhost.Invalid))
}

func TestEditorsOfTheApprovalsLoseNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var editors sync.WaitGroup
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	for _, name := range names {
		editors.Go(func() {
			if err := (pluginhost.Approvals{Plugins: dir}).Disable(name); err != nil {
				t.Error(err)
			}
		})
	}
	editors.Wait()
	got, err := os.ReadFile(filepath.Join(dir, pluginhost.ApprovalsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(got), "\n"+name+":\n  disabled: true\n") {
			t.Errorf("%s is lost:\n%s", name, got)
		}
	}
}

func TestApprovalsThatCannotBeReadStopNothingThatRuns(t *testing.T) {
	t.Parallel()
	h, dir := working(t, pluginhost.Config{})
	write(t, filepath.Join(dir, pluginhost.ApprovalsFile), "p:\n  disable: true\n")
	got := await(t, h, "p", updates("disable"))
	if want := "invalid: " + dir + `/approved.yaml:2: unknown key "disable"; did you mean "disabled"?`; got.Update != want || got.State != pluginhost.Serving {
		t.Errorf("%s, Update = %s; want %s", got.State, got.Update, want)
	}
}

func TestAnApprovalFromWhichAllLinesWereTakenGrantsNothing(t *testing.T) {
	t.Parallel()
	for name, needs := range map[string]string{
		"all needs":     "  needs:\n",
		"all of a kind": "  needs:\n    records:\n    rules:\n    secrets:\n    asPlugin: true\n",
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, pluginhost.ApprovalsFile), "p:\n  version: 1.0.0\n"+needs)
		got, err := pluginhost.Approvals{Plugins: dir}.Find("p")
		if err != nil || got.Version != "1.0.0" || got.Needs.Records.Node != nil || len(got.Needs.Rules)+len(got.Needs.Secrets) > 0 || got.Needs.AsPlugin != strings.Contains(needs, "asPlugin") {
			t.Errorf("without %s: %+v, %v", name, got, err)
		}
	}
}

func TestWhatIsLookedAtIsAllThatIsAskedFor(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		needs string
		want  []string
	}{
		"another line":          {`secrets: ["key\nasPlugin"]`, []string{`secrets "key\nasPlugin"`}},
		"a terminal's commands": {`events: ["order.created\e[2K\e[1A"]`, []string{`events "order.created\x1b[2K\x1b[1A"`}},
		"the end of a rule":     {`records: {customer: {read: {name: {eq: "x}}, delete: true"}}}}`, []string{`records customer: {read: {name: {eq: "x}}, delete: true"}}}`}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put(t, dir, "works", "1.0.0", "needs: {"+tt.needs+"}\n")
			review, err := pluginhost.Approvals{Plugins: dir}.Review("p")
			if diff := cmp.Diff(tt.want, review.Added); err != nil || diff != "" {
				t.Errorf("%v, added (-want +got):\n%s", err, diff)
			}
		})
	}
}

// In the approvals an alias would stand for what another plugin has there.
func TestNothingIsAskedForByAnAlias(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "works", "1.0.0", "onFailure: &x {customer: deny}\nneeds:\n  records: *x\n")
	_, err := pluginhost.Approvals{Plugins: dir}.Review("p")
	want := "invalid: " + dir + "/p/plugin.yaml:7: an alias may not be part of needs, because what it stands for is not what is looked at; write it out"
	if err == nil || err.Error() != want {
		t.Errorf("Review: %v; want %s", err, want)
	}
}
