package journal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/journal"
)

// publisher publishes to s, which has subscribed to all complaints.
func (s *stage) publisher() *journal.Publisher {
	s.t.Helper()
	if err := s.Subscribe(s.t.Context(), core.Subscription{Subscriber: "s", Topics: []string{"complaints.*"}}); err != nil {
		s.t.Fatal(err)
	}
	n := 0
	return &journal.Publisher{Store: s.Store, NewID: func() string { n++; return fmt.Sprint("id", n) }}
}

func TestWhatIsPublishedIsDeliveredInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		p, d := s.publisher(), s.dispatcher("p1")
		p.Enqueued = d.Nudge
		var got []core.Event
		d.Receivers = plugins(func(_ context.Context, _ string, batch []core.Event) ([]core.Receipt, error) {
			got = append(got, batch...)
			return ackAll(batch)
		})
		at, actor := time.Now().UTC(), core.Actor{ID: "u", Via: "complaints"}
		for n := range 3 { // in one microsecond
			if err := p.Publish(t.Context(), actor, "complaints.escalated", "c1", fmt.Appendf(nil, `{"level":%d}`, n)); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Publish(t.Context(), actor, "loyalty.expired", "c1", []byte("{}")); err != nil {
			t.Fatal(err)
		}
		s.wantWaiting(3)
		start(t, d)
		var want []core.Event
		for n := range 3 {
			want = append(want, core.Event{
				ID: fmt.Sprint("id", n+1), Topic: "complaints.escalated", Key: "c1", Seq: at.UnixMicro() + int64(n),
				At: at, Actor: actor, Payload: fmt.Appendf(nil, `{"level":%d}`, n),
			})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("delivered: -want +got:\n%s", diff)
		}
	})
}

func TestAPayloadThatIsNoJSONIsRefused(t *testing.T) {
	p := newStage(t).publisher()
	for name, payload := range map[string]string{"nothing": "", "cut off": `{"a":`, "no UTF-8": "\"\xff\""} {
		err := p.Publish(t.Context(), core.Actor{}, "complaints.escalated", "c1", []byte(payload))
		var ours *core.Error
		if want := "The event complaints.escalated was not published: its payload must be JSON in UTF-8."; !errors.As(err, &ours) || ours.Code != core.Invalid || ours.Message != want {
			t.Errorf("%s: %v; want an Invalid %q", name, err, want)
		}
	}
}

func TestAnEventThatFitsIntoNoMessageIsRefused(t *testing.T) {
	p := newStage(t).publisher()
	tests := map[string]struct {
		key, payload string
		want         string // "" for published
	}{
		"the largest":         {strings.Repeat("k", 200), `"` + strings.Repeat("x", 1<<20-2) + `"`, ""},
		"a payload too large": {"c1", `"` + strings.Repeat("x", 1<<20) + `"`, "and they have 2 and 1048578"},
		"a key too large":     {strings.Repeat("k", 201), "{}", "and they have 201 and 2"},
	}
	for name, tt := range tests {
		err := p.Publish(t.Context(), core.Actor{}, "complaints.escalated", tt.key, []byte(tt.payload))
		want := "The event complaints.escalated was not published: its key may have 200 bytes and its payload 1048576, " + tt.want + ". Save a record, and send its id."
		if (tt.want == "") != (err == nil) || err != nil && err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
