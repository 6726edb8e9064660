package plugintest

import (
	"cmp"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// timer is one that the plugin has set.
type timer struct {
	request  *pluginpb.ScheduleRequest
	due      time.Time // when it is fired next
	failures int
}

// fire tells the plugin that a timer is due. One that was scheduled again in
// the meantime is another.
func (h *Host) fire(t *timer) {
	h.t.Helper()
	id, end := h.begin(nil, true)
	defer end()
	answer, err := h.plugin.FireTimer(h.t.Context(), &pluginpb.FireTimerRequest{
		Context: id, Name: t.request.GetName(), Key: t.request.GetKey(), DueAt: t.request.GetDueAt(), Payload: t.request.GetPayload(),
	})
	if err != nil {
		h.t.Fatalf("fire the timer %s of the plugin: %v", t.request.GetName(), err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if refused := h.refusal(answer.GetError(), "The timer "+t.request.GetName()+" failed"); refused != nil {
		h.t.Logf("the timer %s %s is fired again: %v", t.request.GetName(), t.request.GetKey(), refused)
		t.failures++
		t.due = h.now.Add(pause(t.failures))
		return
	}
	if set := [2]string{t.request.GetName(), t.request.GetKey()}; h.timers[set] == t {
		delete(h.timers, set)
	}
}

// before orders timers by when they are due, then by name and key.
func (t *timer) before(other *timer) bool {
	return cmp.Or(
		t.due.Compare(other.due),
		cmp.Compare(t.request.GetName(), other.request.GetName()),
		cmp.Compare(t.request.GetKey(), other.request.GetKey()),
	) < 0
}
