package sdk_test

import (
	"context"
	"errors"
	"sync"
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

// escalations tells everybody who looks at a screen of the complaints that go
// up. One who does not keep up misses some rather than to hold up the others.
type escalations struct {
	mu      sync.Mutex
	screens map[chan sdk.ID]bool
}

func (e *escalations) tell(_ context.Context, _ sdk.Host, event *sdk.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for screen := range e.screens {
		select {
		case screen <- sdk.ID(event.RecordID):
		default:
		}
	}
	return nil
}

func (e *escalations) open() (screen chan sdk.ID, closed func()) {
	screen = make(chan sdk.ID, 16)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.screens[screen] = true
	return screen, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.screens, screen)
	}
}

func (e *escalations) show(ctx context.Context, _ sdk.Host, _ struct{}, send func(sdk.ID) error) error {
	screen, closed := e.open()
	defer closed()
	for {
		select {
		case <-ctx.Done():
			return nil
		case id := <-screen:
			if err := send(id); err != nil {
				return err
			}
		}
	}
}

func ExampleStream() {
	e := &escalations{screens: map[chan sdk.ID]bool{}}
	sdk.Serve(sdk.Plugin{
		Name: "escalations", Version: "1.0.0",
		Events:     []sdk.Subscription{sdk.On("complaint.updated", e.tell)},
		Operations: []sdk.Operation{sdk.Stream("complaintEscalated", e.show).Doc("Complaints that go up, as they do.")},
	})
}
