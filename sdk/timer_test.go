package sdk_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func TestATimerThatIsScheduledAgainMovesAndOneThatIsCanceledIsGone(t *testing.T) {
	var fired []string
	h := plugintest.Start(t, sdk.Plugin{
		Name: "clock", Version: "1",
		Operations: []sdk.Operation{sdk.Mutation("set", func(ctx context.Context, host sdk.Host, in struct {
			Start time.Time `json:"start"`
		}) ([]string, error) {
			timer := func(key string, in2 time.Duration) error {
				return host.Schedule(ctx, sdk.Timer{Name: "sla", Key: key, DueAt: in.Start.Add(in2), Payload: map[string]string{"of": key}})
			}
			for _, set := range []error{timer("a", time.Minute), timer("b", time.Minute), timer("a", time.Hour)} {
				if set != nil {
					return nil, set
				}
			}
			var said []string
			for range 2 {
				was, err := host.Cancel(ctx, "sla", "b")
				if err != nil {
					return nil, err
				}
				said = append(said, map[bool]string{true: "canceled", false: "none"}[was])
			}
			err := host.Schedule(ctx, sdk.Timer{Name: "slo", DueAt: in.Start})
			return append(said, err.Error()), nil
		})},
		Timers: map[string]sdk.TimerFunc{"sla": func(ctx context.Context, host sdk.Host, timer *sdk.Timer) error {
			var payload map[string]string
			if err := timer.Read(&payload); err != nil {
				return err
			}
			fired = append(fired, timer.Key+" "+payload["of"])
			if host.User() != nil {
				t.Errorf("the timer acts for %v, want nobody", host.User())
			}
			if len(fired) == 1 { // it sets itself anew
				return host.Schedule(ctx, sdk.Timer{Name: "sla", Key: timer.Key, DueAt: timer.DueAt.Add(time.Hour), Payload: payload})
			}
			return nil
		}},
	})
	said, err := h.Call("set", map[string]any{"start": h.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]any{"canceled", "none", `The plugin clock handles no timer "slo"; did you mean "sla"?`}, said); diff != "" {
		t.Errorf("said (-want +got):\n%s", diff)
	}
	h.Advance(59 * time.Minute)
	if len(fired) != 0 {
		t.Errorf("fired too early: %v", fired)
	}
	h.Advance(10 * time.Hour)
	if diff := cmp.Diff([]string{"a a", "a a"}, fired); diff != "" {
		t.Errorf("fired (-want +got):\n%s", diff)
	}
}
