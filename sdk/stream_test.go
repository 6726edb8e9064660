package sdk_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

type countdown struct {
	From int    `json:"from"`
	Then string `json:"then"`
}

// count sends numbers, and then ends as it is told.
func count(_ context.Context, host sdk.Host, in countdown, send func(int) error) error {
	for n := in.From; n > 0; n-- {
		if err := send(n); err != nil {
			return err
		}
	}
	switch in.Then {
	case "refuse":
		return &sdk.Error{Code: sdk.CodeForbidden, Message: host.User().Name + " may not launch."}
	case "fail":
		return errors.New("password=secret")
	case "panic":
		panic("no fuel")
	}
	return nil
}

func TestAStreamSendsResultsAndEndsAsItReturns(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{Name: "rockets", Version: "1.0.0", Operations: []sdk.Operation{sdk.Stream("countdown", count)}})
	h.As(sdk.User{ID: "u1", Name: "Maria"})
	for then, last := range map[string]string{
		"": "", "refuse": "Maria may not launch.", "fail": "The plugin made a mistake: Subscribe countdown: password=secret", "panic": "The plugin made a mistake: Subscribe countdown: panic: no fuel",
	} {
		var got []any
		var end string
		for result, err := range h.Subscribe("countdown", map[string]any{"from": 2, "then": then}) {
			if err != nil {
				end = err.Error()
				continue
			}
			got = append(got, result)
		}
		if diff := cmp.Diff([]any{int64(2), int64(1)}, got); diff != "" || end != last {
			t.Errorf("%q: the end is %q, want %q; results (-want +got):\n%s", then, end, last, diff)
		}
	}
}

func TestAStreamHearsThatItsUserHasGone(t *testing.T) {
	gone := make(chan struct{})
	h := plugintest.Start(t, sdk.Plugin{Name: "rockets", Version: "1.0.0", Operations: []sdk.Operation{
		sdk.Stream("wait", func(ctx context.Context, _ sdk.Host, _ struct{}, send func(bool) error) error {
			defer close(gone)
			err := send(true)
			<-ctx.Done()
			return err
		}),
	}})
	for range h.Subscribe("wait", nil) {
		break
	}
	<-gone
}

// tellEscalation runs on one instance of xrm, for each complaint that goes up.
func tellEscalation(ctx context.Context, host sdk.Host, event *sdk.Event) error {
	return host.Broadcast(ctx, "escalated", sdk.ID(event.RecordID))
}

// showEscalations runs for each user who looks at a screen, on whatever instance.
func showEscalations(ctx context.Context, host sdk.Host, _ struct{}, send func(sdk.ID) error) error {
	escalated, err := sdk.Listen[sdk.ID](ctx, host, "escalated")
	if err != nil {
		return err
	}
	for id, err := range escalated {
		if err != nil {
			return err
		}
		if err := send(id); err != nil {
			return err
		}
	}
	return nil
}

func ExampleListen() {
	sdk.Serve(sdk.Plugin{
		Name: "escalations", Version: "1.0.0",
		Events:     []sdk.Subscription{sdk.On("complaint.updated", tellEscalation)},
		Operations: []sdk.Operation{sdk.Stream("complaintEscalated", showEscalations).Doc("Complaints that go up, as they do.")},
	})
}
