package sdk_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// listener keeps the attributes of what is logged.
type listener struct {
	pluginpb.UnimplementedHostServer
	heard chan string
}

func (l listener) Log(_ context.Context, r *pluginpb.LogRequest) (*pluginpb.LogResponse, error) {
	l.heard <- string(r.GetAttributes())
	return &pluginpb.LogResponse{}, nil
}

func TestWhatIsLoggedReachesTheHostAsSlogMeansIt(t *testing.T) {
	host := listener{heard: make(chan string, 1)}
	plugin := serve(t, sdk.Plugin{Name: "writer", Version: "1", Operations: []sdk.Operation{
		sdk.Mutation("log", func(ctx context.Context, h sdk.Host, _ struct{}) (bool, error) {
			h.Log(ctx, slog.LevelInfo, "noted", "n", 7, "why", errors.New("late"), "what", func() {},
				slog.Group("of", "id", "c1", slog.Group("in", "error", errors.New("gone"))), slog.Group("", "took", time.Second.String()))
			return true, nil
		}),
	}}, host)
	if _, err := plugin.Call(t.Context(), &pluginpb.CallRequest{Operation: "log", Arguments: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	const start, end = `{"n":7,"of":{"id":"c1","in":{"error":"gone"}},"took":"1s","what":"0x`, `","why":"late"}`
	if got := <-host.heard; len(got) < len(start)+len(end) || got[:len(start)] != start || got[len(got)-len(end):] != end {
		t.Errorf("the host hears %s\nwant %s...%s", got, start, end)
	}
}
