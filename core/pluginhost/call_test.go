package pluginhost_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/once"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
)

// told is what a user gets to see of an error, with the number of the call
// that the log has left out.
func told(err error) string {
	var ours *core.Error
	if !errors.As(err, &ours) {
		return ""
	}
	message, _, _ := strings.Cut(ours.Message, " under call ")
	text := string(ours.Code) + " " + message
	if len(ours.Violations) > 0 {
		text += " " + ours.Violations.Error()
	}
	return text
}

func TestACallActsForTheUserWhoCausedIt(t *testing.T) {
	t.Parallel()
	records := &memory{records: []*core.Record{ticket("t1", map[string]any{"state": "open"})}}
	h := serving(t, "good", pluginhost.Config{Open: records.open})
	got, err := h.Call(t.Context(), record.Basis{Model: model(t)}, agent, operation(t, h, "closeTicket"), map[string]any{"id": "t1", "by": "phone"}, record.Key{})
	if err != nil || got != "t1" {
		t.Errorf("Call = %v, %v; want t1", got, err)
	}
	want := agent
	want.Via = "good"
	if diff := cmp.Diff([]core.Actor{want}, records.actors); diff != "" {
		t.Errorf("who has written (-want +got):\n%s", diff)
	}
	if got := records.records[0].Values["state"]; got != "closed" {
		t.Errorf("state = %v, want closed", got)
	}
}

func TestWhatACallAnswersIsNotSimplyBelieved(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{})
	const mistake = "INTERNAL The plugin good made a mistake; the details are in the server's log"
	tests := map[string]struct{ id, want string }{
		"a refusal by the host":    {"t9", "NOT_FOUND There is no ticket with the id t9, or you may not see it."},
		"a failure":                {"panic", mistake},
		"a result of another type": {"lie", mistake},
		"a token that is no token": {"stale token", "FORBIDDEN The call that this belongs to has ended. Ask the host only while a handler runs, with the context that came with it."},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := h.Call(t.Context(), record.Basis{Model: model(t)}, agent, operation(t, h, "closeTicket"), map[string]any{"id": tt.id}, record.Key{})
			if got := told(err); got != tt.want {
				t.Errorf("Call(%s): %s; want %s", tt.id, got, tt.want)
			}
		})
	}
}

func TestAFieldIsResolvedForAllParentsWithOneFind(t *testing.T) {
	t.Parallel()
	records := &memory{records: []*core.Record{
		ticket("t1", map[string]any{"customer": "c1"}), ticket("t2", map[string]any{"customer": "c3"}), ticket("t3", map[string]any{"customer": "c1"}),
	}}
	h := serving(t, "good", pluginhost.Config{Open: records.open})
	parents := []*core.Record{customer("c1"), customer("c2"), customer("c3"), customer("c1")}
	got, err := h.Resolve(t.Context(), record.Basis{Model: model(t)}, agent, field(t, h, "tickets"), parents)
	want := []any{[]any{"t1", "t3"}, []any{}, []any{"t2"}, []any{"t1", "t3"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Resolve: %v (-want +got):\n%s", err, diff)
	}
	if records.finds != 1 {
		t.Errorf("%d finds for %d parents, want 1", records.finds, len(parents))
	}
}

func TestFindGoesOnWhereThePageBeforeEnded(t *testing.T) {
	t.Parallel()
	records := &memory{}
	for _, id := range []string{"t1", "t2", "t3", "t4", "t5", "t6", "t7"} {
		records.records = append(records.records, ticket(id, map[string]any{"customer": "c1"}))
	}
	h := serving(t, "good", pluginhost.Config{Open: records.open})
	got, err := h.Resolve(t.Context(), record.Basis{Model: model(t)}, agent, field(t, h, "tickets"), []*core.Record{customer("c1")})
	want := []any{[]any{"t1", "t2", "t3", "t4", "t5", "t6", "t7"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" || records.finds != 3 {
		t.Errorf("Resolve: %v, %d finds, want 3 (-want +got):\n%s", err, records.finds, diff)
	}
}

func TestAPluginSortsByIndexedFieldsOnly(t *testing.T) {
	t.Parallel()
	h := serving(t, "sorts", pluginhost.Config{})
	_, err := h.Resolve(t.Context(), record.Basis{Model: model(t)}, agent, field(t, h, "tickets"), []*core.Record{customer("c1")})
	if want := `INVALID tickets cannot be sorted by "title": it must be a field with an index.`; told(err) != want {
		t.Errorf("Resolve: %s; want %s", told(err), want)
	}
}

func TestAFieldThatIsComputedWrongIsNotShown(t *testing.T) {
	t.Parallel()
	const mistake = "INTERNAL The plugin %s made a mistake; the details are in the server's log"
	tests := map[string]struct {
		role    string
		parents []*core.Record
		want    []any
		wantErr string
	}{
		"right":           {"good", []*core.Record{customer("c1"), customer("c2")}, []any{"happy", nil}, ""},
		"wrong type":      {"good", []*core.Record{customer("c3")}, nil, strings.ReplaceAll(mistake, "%s", "good")},
		"one value extra": {"miscounts", []*core.Record{customer("c1")}, nil, strings.ReplaceAll(mistake, "%s", "miscounts")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := serving(t, tt.role, pluginhost.Config{})
			got, err := h.Resolve(t.Context(), record.Basis{Model: model(t)}, agent, field(t, h, "mood"), tt.parents)
			if diff := cmp.Diff(tt.want, got); told(err) != tt.wantErr || (err == nil && diff != "") {
				t.Errorf("Resolve = %v, %s; want %v, %s", got, told(err), tt.want, tt.wantErr)
			}
		})
	}
}

func TestOfAPluginThatIsDownEverythingIsUnavailable(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{MinBackoff: time.Hour, MaxBackoff: time.Hour})
	op, f := operation(t, h, "closeTicket"), field(t, h, "tickets")
	for range 2 { // it comes back at once after the first death, and not after the second
		s := await(t, h, "good", in(pluginhost.Serving))
		signal(t, s.PID, syscall.SIGKILL)
		await(t, h, "good", func(now pluginhost.Status) bool { return now.PID != s.PID })
	}
	await(t, h, "good", in(pluginhost.Backoff))

	const want = "UNAVAILABLE The plugin good is not running at the moment. Try again in a few seconds."
	m := model(t)
	if _, err := h.Call(t.Context(), record.Basis{Model: m}, agent, op, nil, record.Key{}); told(err) != want {
		t.Errorf("Call: %s; want %s", told(err), want)
	}
	if _, err := h.Resolve(t.Context(), record.Basis{Model: m}, agent, f, []*core.Record{customer("c1")}); told(err) != want {
		t.Errorf("Resolve: %s; want %s", told(err), want)
	}
	changes := []core.Change{{Actor: agent, Action: core.Created, After: ticket("t1", nil)}}
	if errs := judged(t, h, m, m.Entity("ticket"), changes); len(errs) != 1 || told(errs[0]) != want {
		t.Errorf("BeforeSave: %v; want %s", errs, want)
	}
	if errs := judged(t, h, m, m.Entity("party"), []core.Change{{After: &core.Record{Entity: "party", Values: map[string]any{}}}}); errors.Join(errs...) != nil {
		t.Errorf("BeforeSave of what the plugin has no rule for: %v", errs)
	}
}

func TestRulesOfAPlugin(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{})
	tests := map[string]struct {
		title   string
		want    map[string]any
		wantErr string
	}{
		"nothing to say": {"Screen broken", map[string]any{"title": "Screen broken", "state": "open"}, ""},
		"a change":       {"shout", map[string]any{"title": "SHOUT"}, ""},
		"a refusal":      {"reject", nil, "INVALID The ticket was not saved: some fields need attention. title is not nice"},
		"a field that is not there": {
			"strange patch", nil, "INTERNAL The plugin good made a mistake; the details are in the server's log",
		},
		"a patch that is none": {
			"broken patch", nil, "INTERNAL The plugin good made a mistake; the details are in the server's log",
		},
		"no verdict": {"no verdict", nil, "INTERNAL The plugin good made a mistake; the details are in the server's log"},
		"a write in the middle of a write": {
			"save inside", nil, "FORBIDDEN The plugin good wanted to save a ticket in the middle of a read or of another write. Queries, fields and rules have no effects.",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := model(t)
			changes := []core.Change{{Actor: agent, Action: core.Created, After: ticket("t1", map[string]any{"title": tt.title, "state": "open"})}}
			errs := judged(t, h, m, m.Entity("ticket"), changes)
			if got := told(errors.Join(errs...)); got != tt.wantErr {
				t.Fatalf("BeforeSave: %s; want %s", got, tt.wantErr)
			}
			if diff := cmp.Diff(tt.want, changes[0].After.Values); tt.want != nil && diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARuleOfARoleIsAskedForThoseWhoHoldIt(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{})
	m := model(t)
	held, former := customer("c1"), customer("c2")
	held.Values["customer"] = map[string]any{"segment": "a"}
	former.Values["customer"] = map[string]any{"segment": "a"}
	former.Values["roles"] = []any{"supplier"}
	errs := judged(t, h, m, m.Entity("party"), []core.Change{{Actor: agent, After: held}, {Actor: agent, After: former}})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		r    *core.Record
		want string
	}{{held, "A"}, {former, "a"}} {
		if got := schema.Lookup(tt.r.Values, "customer.segment"); got != tt.want {
			t.Errorf("segment of %s = %v, want %s", tt.r.ID, got, tt.want)
		}
	}
}

func TestARuleThatHangsFailsClosed(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{SaveTimeout: 100 * time.Millisecond})
	m := model(t)
	errs := judged(t, h, m, m.Entity("ticket"), []core.Change{{After: ticket("t1", map[string]any{"title": "hang"})}})
	if want := "UNAVAILABLE The plugin good did not answer within 100ms. Try again in a few seconds."; told(errs[0]) != want {
		t.Errorf("BeforeSave: %s; want %s", told(errs[0]), want)
	}
}

func TestARuleWhosePluginDiesFailsClosed(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{})
	m := model(t)
	errs := judged(t, h, m, m.Entity("ticket"), []core.Change{{After: ticket("t1", map[string]any{"title": "die"})}})
	if want := "UNAVAILABLE The plugin good is not running at the moment. Try again in a few seconds."; told(errs[0]) != want {
		t.Errorf("BeforeSave: %s; want %s", told(errs[0]), want)
	}
	await(t, h, "good", func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.Restarts == 1 })
}

// A mutation with an idempotency key asks the plugin once, under one key at every attempt.
func TestACallWithAKeyIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	s, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	records := &memory{records: []*core.Record{ticket("t1", map[string]any{"state": "open"})}}
	h := serving(t, "good", pluginhost.Config{Open: records.open, Once: &once.Desk{Store: s, Now: time.Now}})
	closes := operation(t, h, "closeTicket")
	call := func(id, key string) (any, error) {
		return h.Call(t.Context(), record.Basis{Model: model(t)}, agent, closes, map[string]any{"id": id}, record.Key{Name: key, Asked: id})
	}
	for range 2 {
		if got, err := call("t1", "k1"); err != nil || got != "t1" {
			t.Errorf("Call = %v, %v; want t1", got, err)
		}
	}
	if got := records.records[0].Version; got != 2 {
		t.Errorf("the ticket was saved %d times; want once", got-1)
	}
	for range 2 {
		if _, err := call("t9", "k2"); told(err) != "NOT_FOUND There is no ticket with the id t9, or you may not see it." {
			t.Errorf("what is refused: %s", told(err))
		}
	}
	if got, err := call("idempotency key", "k3"); err != nil || len(got.(string)) < 20 || got == "k3" {
		t.Errorf("the plugin got the key %v, %v; want one that no other user has", got, err)
	}
	if got, err := call("t1", "k2"); err != nil || got != "t1" {
		t.Errorf("mended: %v, %v", got, err)
	}
	if _, err := call("t9", "k1"); core.CodeOf(err) != core.Conflict {
		t.Errorf("the key of another request: %s; want a conflict", told(err))
	}
}
