package pluginhost

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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
		CrashLoop:     "The plugin fax fails again and again. Try again in a few minutes, or tell an administrator.",
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

func TestOfWhatAPluginSaysInAnErrorNobodyGetsMoreThanHeCanRead(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	h := &Host{config: Config{Log: slog.New(slog.NewTextHandler(&logged, nil))}}
	one := &call{plugin: "fax", method: "send", ctx: t.Context()}
	l := &link{}
	one.link.Store(l)
	const long = 4 * maxLine
	for range 2 * floodLines {
		_ = h.transportError(one, status.Error(codes.Unknown, strings.Repeat("x", long)), time.Second)
	}
	one.book()
	if got := l.failed.list(); len(got) != 1 || len(got[0].LastError) > 2*maxLine {
		t.Errorf("%d failures, of %d bytes", len(got), len(got[0].LastError))
	}
	if lines := strings.Count(logged.String(), "\n"); lines > floodLines+1 || logged.Len() > lines*2*maxLine {
		t.Errorf("%d bytes in %d lines are logged", logged.Len(), lines)
	}
	if err := h.transportError(one, inWords(status.Error(codes.Unavailable, strings.Repeat("x", long)), true), time.Second); len(err.Error()) > 2*maxLine || !errors.Is(err, errUnsent) {
		t.Errorf("an error of %d bytes, unsent: %v", len(err.Error()), errors.Is(err, errUnsent))
	}

	e := &pluginpb.Error{Code: "INVALID"}
	for range 10 * maxViolations {
		e.Violations = append(e.Violations, &pluginpb.Violation{Field: strings.Repeat("f", long), Rule: strings.Repeat("r", long), Message: "is wrong"})
	}
	var refused *core.Error
	if !errors.As(h.refusal(one, e, "The fax was not sent"), &refused) || len(refused.Violations) != maxViolations || len(refused.Violations[0].Field)+len(refused.Violations[0].Rule) > 3*maxPath {
		t.Errorf("%d violations", len(refused.Violations))
	}
}
