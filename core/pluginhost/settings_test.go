package pluginhost_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/openxrm/xrm/core/pluginhost"
)

// transcript is a log that can be read while it is written.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func TestWhatIsBackAsItWasIsNotCalledNewSettings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		breaks, mends func(t *testing.T, dir string)
	}{
		"the version before, after one that does not start": {
			func(t *testing.T, dir string) { put(t, dir, "exits", "1.1.0", "") },
			func(t *testing.T, dir string) { put(t, dir, "works", "1.0.0", "") },
		},
		"the settings before, after some that are wrong": {
			func(t *testing.T, dir string) { write(t, filepath.Join(dir, "p.yaml"), "config: {url: http://erp}\n") },
			func(t *testing.T, dir string) { write(t, filepath.Join(dir, "p.yaml"), "") },
		},
		"the settings before, with a comment": {
			func(t *testing.T, dir string) { write(t, filepath.Join(dir, "p.yaml"), "timeout: {query: 1s}\n") },
			func(t *testing.T, dir string) { write(t, filepath.Join(dir, "p.yaml"), "# ours\nconfig: {}\n") },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &transcript{}
			h, dir := working(t, pluginhost.Config{Log: slog.New(slog.NewTextHandler(log, nil))})
			tt.breaks(t, dir)
			await(t, h, "p", func(s pluginhost.Status) bool { return s.Update != "" })
			tt.mends(t, dir)
			await(t, h, "p", func(s pluginhost.Status) bool { return s.Update == "" && s.State == pluginhost.Serving })
			if strings.Contains(log.String(), "new settings\"") {
				t.Errorf("the log has\n%s", log)
			}
			write(t, filepath.Join(dir, "p.yaml"), "timeouts: {query: 70ms}\n")
			awaitTrue(t, h, func() bool { return strings.Contains(log.String(), `msg="plugin has new settings" plugin=p`) })
		})
	}
}
