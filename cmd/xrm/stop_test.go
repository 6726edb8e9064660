package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
)

// A stop that has no time left has no quarrel with the database.
func TestAStopThatIsSlowBlamesNoDatabase(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, flags ...string) {
		t.Parallel()
		c := defaultConfig()
		c.Data, c.Plugins = t.TempDir(), t.TempDir()
		if len(flags) > 0 {
			c.Store = flags[1]
		}
		var log bytes.Buffer
		s, err := newServer(c, slog.New(slog.NewTextHandler(&log, nil)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.admission.Begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		working, stop := context.WithCancel(t.Context())
		s.readiness.Keep(working, stop)
		if err := s.close(working); err != nil {
			t.Errorf("close: %v", err)
		}
		const want = `level=WARN msg="the stop has taken the time that it may; what the journal lacks is added after the next start. Give it more with timeout.shutdown (XRM_TIMEOUT_SHUTDOWN)"` + "\n"
		if !strings.Contains(log.String(), want) || strings.Contains(log.String(), "cannot be reached") {
			t.Errorf("the log is\n%swant\n%s", &log, want)
		}
	})
}
