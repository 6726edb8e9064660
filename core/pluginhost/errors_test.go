package pluginhost

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func TestAPluginThatNoticesFirstThatTheTimeIsUpHasMadeNoMistake(t *testing.T) {
	t.Parallel()
	h := &Host{config: Config{Log: slog.New(slog.NewTextHandler(t.Output(), nil))}}
	for name, tt := range map[string]struct {
		left time.Duration
		want core.Code
	}{
		"in time":               {time.Hour, core.Internal},
		"when the time is over": {-time.Millisecond, core.Unavailable},
	} {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(tt.left))
		defer cancel()
		one := &call{plugin: "fax", ctx: ctx}
		err := h.transportError(one, h.refusal(one, &pluginpb.Error{Code: "INTERNAL", Cause: "context deadline exceeded"}, "The fax was not sent"), time.Second)
		if got := core.CodeOf(err); got != tt.want {
			t.Errorf("%s: %s, want %s: %v", name, got, tt.want, err)
		}
	}
}

func TestWhatDoesNotRunIsTriedAgainOnlyIfThatHelps(t *testing.T) {
	t.Parallel()
	for state, want := range map[State]string{
		Backoff:       "The plugin fax is not running at the moment. Try again in a few seconds.",
		Misconfigured: "The plugin fax is not running, and will not before an administrator sees to it.",
	} {
		h := &Host{board: board{changed: make(chan struct{})}}
		h.board.add(&entry{status: Status{Name: "fax", State: state}})
		var err *core.Error
		if !errors.As(h.down("fax", nil), &err) || err.Message != want || err.Code != core.Unavailable {
			t.Errorf("%s: %v, want %s", state, err, want)
		}
	}
}
