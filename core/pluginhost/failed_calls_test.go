package pluginhost_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/core/record"
)

func TestTheCallsThatFailedStandInTheStatusOfAPlugin(t *testing.T) {
	t.Parallel()
	h := serving(t, "good", pluginhost.Config{SaveTimeout: 200 * time.Millisecond})
	m := model(t)
	began := time.Now()
	save := func(titles ...string) []error {
		changes := make([]core.Change, len(titles))
		for i, title := range titles {
			changes[i].After = ticket("t1", map[string]any{"title": title})
		}
		return judged(t, h, m, m.Entity("ticket"), changes)
	}
	failed := func(want ...core.FailedCalls) {
		t.Helper()
		got := h.Plugins()[0].Failed
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(core.FailedCalls{}, "LastAt")); diff != "" {
			t.Errorf("failed (-want +got):\n%s", diff)
		}
		for _, f := range got {
			if f.LastAt.Before(began) || f.LastAt.After(time.Now()) {
				t.Errorf("%s failed last at %v", f.Call, f.LastAt)
			}
		}
	}
	save("nice", "reject")
	if _, err := h.Call(t.Context(), record.Basis{Model: m}, agent, operation(t, h, "closeTicket"), map[string]any{"id": "t9"}, record.Key{}); told(err) == "" {
		t.Error("a ticket that there is not was closed")
	}
	failed() // a refusal is none

	if errs := save("fail", "nice"); errs[0] == nil || errs[1] != nil {
		t.Errorf("BeforeSave: %v; want an error for the first alone", errs)
	}
	panicked := core.FailedCalls{Call: "BeforeSave ticket", Count: 1, LastError: "BeforeSave ticket: panic: nil map"}
	failed(panicked)

	save("hang")
	late := core.FailedCalls{Call: "BeforeSave ticket", Count: 2, LastError: "it did not answer within 200ms"}
	_, err := h.Call(t.Context(), record.Basis{Model: m}, agent, operation(t, h, "closeTicket"), map[string]any{"id": "lie"}, record.Key{})
	if told(err) == "" {
		t.Error("a result of another type was taken")
	}
	lied := core.FailedCalls{Call: "closeTicket", Count: 1, LastError: errors.Unwrap(err).Error()}
	failed(late, lied)

	save("save inside")
	refused := core.FailedCalls{Call: "BeforeSave ticket", Count: 3, LastError: "it was refused: The plugin good wanted to save a ticket in the middle of a read or of another write. Queries, fields and rules have no effects."}
	failed(refused, lied)

	signal(t, h.Plugins()[0].PID, syscall.SIGKILL)
	await(t, h, "good", func(s pluginhost.Status) bool { return s.State == pluginhost.Serving && s.Restarts == 1 })
	failed()
}
