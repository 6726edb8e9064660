package plugintest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestDeliverHandsOverWhatWasSavedSince(t *testing.T) {
	l := &logbook{}
	h := plugintest.Start(t, l.plugin())
	h.Add("ticket", map[string]any{"title": "Has always been there"})
	ticket, err := h.Save(&sdk.Record{Entity: "ticket", Values: map[string]any{"title": "Leak", "hours": 2}})
	if err != nil {
		t.Fatal(err)
	}
	ticket.Values["title"] = "Leak in the roof"
	delete(ticket.Values, "hours")
	ticket.Values["hours"] = nil
	if ticket, err = h.Save(ticket); err != nil {
		t.Fatal(err)
	}
	if _, err = h.Save(ticket); err != nil { // which changes nothing
		t.Fatal(err)
	}
	if err := h.Delete("ticket", ticket.ID); err != nil {
		t.Fatal(err)
	}
	h.Deliver()
	h.Deliver()
	if diff := cmp.Diff([]string{"event ticket/ticket-002/1 attempt 1", "event ticket/ticket-002/2", "event ticket/ticket-002/3"}, l.lines); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	want := []plugintest.Event{{
		ID: "ticket/ticket-002/2", Topic: "ticket.updated", Key: "ticket/ticket-002", Entity: "ticket", RecordID: "ticket-002",
		Changes: []sdk.FieldChange{{Path: "hours", From: int64(2)}, {Path: "title", From: "Leak", To: "Leak in the roof"}},
	}}
	updates := h.Events("ticket.updated")
	if diff := cmp.Diff(want, updates); diff != "" {
		t.Errorf("updates (-want +got):\n%s", diff)
	}
	if err := h.Redeliver(updates[0]); err != nil || len(l.lines) != 4 || l.lines[3] != "event ticket/ticket-002/2" {
		t.Errorf("delivered again: %v, %v", err, l.lines)
	}
}

func TestAnEventThatFailsKeepsOnlyItsKeyWaiting(t *testing.T) {
	l := &logbook{fails: map[string]int{"event ticket/ticket-001/1 attempt 1": 1, "event ticket/ticket-001/1 attempt 2": 1}}
	h := plugintest.Start(t, l.plugin())
	for _, title := range []string{"Leak", "Fire"} {
		ticket, err := h.Save(&sdk.Record{Entity: "ticket", Values: map[string]any{"title": title}})
		if err != nil {
			t.Fatal(err)
		}
		ticket.Values["title"] = title + "!"
		if _, err = h.Save(ticket); err != nil {
			t.Fatal(err)
		}
	}
	h.Deliver()
	h.Deliver()
	h.Advance(4 * time.Second)
	want := []string{
		"event ticket/ticket-001/1 attempt 1", "event ticket/ticket-002/1 attempt 1", "event ticket/ticket-002/2",
		"event ticket/ticket-001/1 attempt 2", "event ticket/ticket-001/1 attempt 3", "event ticket/ticket-001/2",
	}
	if diff := cmp.Diff(want, l.lines); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

// telling is a plugin that publishes, and deals with its own events by a
// handler.
func telling(handle sdk.EventFunc) sdk.Plugin {
	return sdk.Plugin{
		Name: "telling", Version: "1.0.0",
		Operations: []sdk.Operation{sdk.Mutation("tell", func(ctx context.Context, host sdk.Host, in struct {
			Name string `json:"name"`
		}) (bool, error) {
			return true, host.Publish(ctx, in.Name, "", map[string]any{"n": 7})
		})},
		Events: []sdk.Subscription{sdk.On("telling.told", handle)},
	}
}

func tell(t *testing.T, h *plugintest.Host, name string) {
	t.Helper()
	if _, err := h.Call("tell", map[string]any{"name": name}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsPublishedIsCollectedAndDelivered(t *testing.T) {
	handled := 0
	h := plugintest.Start(t, telling(func(_ context.Context, host sdk.Host, e *sdk.Event) error {
		var payload struct{ N int }
		if err := e.Payload(&payload); err != nil {
			return err
		}
		handled += payload.N
		if host.User() != nil || e.User.ID != "anna" || e.Via != "telling" {
			t.Errorf("the handler acts for %v, the event was caused by %v via %q; want nobody, anna, telling", host.User(), e.User, e.Via)
		}
		return nil
	}))
	h.As(sdk.User{ID: "anna"})
	tell(t, h, "told")
	tell(t, h, "whispered")
	h.Deliver()
	if handled != 7 {
		t.Errorf("handled %d, want 7", handled)
	}
	want := []plugintest.Event{
		{ID: "telling.told/1", Topic: "telling.told", Payload: map[string]any{"n": int64(7)}},
		{ID: "telling.whispered/2", Topic: "telling.whispered", Payload: map[string]any{"n": int64(7)}},
	}
	if diff := cmp.Diff(want, h.Events("telling.*")); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestAnEventThatIsGivenUpIsADeadLetter(t *testing.T) {
	tests := map[string]struct {
		fail  error
		tries int // within a day
	}{
		"at once":             {sdk.DeadLetter(errors.New("no such order")), 1},
		"after a dozen times": {errors.New("no such order"), 12},
		"in its own time":     {sdk.RetryAfter(10*time.Hour, errors.New("no such order")), 3},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tries := 0
			h := plugintest.Start(t, telling(func(context.Context, sdk.Host, *sdk.Event) error { tries++; return tt.fail }))
			tell(t, h, "told")
			h.Advance(24 * time.Hour)
			if tries != tt.tries {
				t.Errorf("tried %d times, want %d", tries, tt.tries)
			}
			var want []plugintest.DeadLetter
			if name != "in its own time" {
				want = []plugintest.DeadLetter{{Event: h.Events("telling.told")[0], Reason: "no such order"}}
			}
			if diff := cmp.Diff(want, h.DeadLetters()); diff != "" {
				t.Errorf("dead letters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEventsWithoutEndEndTheTest(t *testing.T) {
	echo := func(ctx context.Context, host sdk.Host, _ *sdk.Event) error {
		return host.Publish(ctx, "told", "", nil)
	}
	got := fatal(t, func(t testing.TB) {
		h := plugintest.Start(t, telling(echo))
		if _, err := h.Call("tell", map[string]any{"name": "told"}); err != nil {
			t.Error(err)
		}
		h.Deliver()
	})
	if want := "the plugin answers events with ever more events"; got != want {
		t.Errorf("the test ends with %q, want %q", got, want)
	}
}
