package pluginhost

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAPluginThatPrintsWithoutEndDoesNotFillTheLog(t *testing.T) {
	t.Parallel()
	var printed bytes.Buffer
	log := slog.New(slog.NewTextHandler(&printed, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}}))
	var f flood
	logged, now := 0, time.Now()
	for range 5000 {
		if f.admits(log, now) {
			logged++
		}
	}
	if logged != 1000 || !f.admits(log, now.Add(10*time.Second)) {
		t.Errorf("%d of 5000 lines at once are logged, want 1000, and again after ten seconds", logged)
	}
	want := []string{
		`msg="plugin prints too much; for a while nothing of it is logged" "at most"=1000 in=10s`,
		`msg="plugin printed more than is logged" "left out"=4000`,
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(printed.String()), "\n")); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}
