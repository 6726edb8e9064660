package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
)

func TestTimersAreReadFromTheirIndexesInOrder(t *testing.T) {
	s := memory(t, load(t, planned))
	for name, tt := range map[string]struct {
		text string
		args []any
		want string
	}{
		"what is due": {dueTimers, []any{"loyalty", 1, 1}, "SEARCH timers USING INDEX timers_due (plugin=? AND due<?)"},
		"by key":      {timersByKey, []any{"loyalty", "a", 1}, "SEARCH timers USING INDEX sqlite_autoindex_timers_1 (plugin=? AND key>?)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.plan(t, tt.text, tt.args); got != tt.want {
				t.Errorf("the plan is\n%s; want\n%s", got, tt.want)
			}
		})
	}
}

// TestAFileFromBeforeTimersGetsThem opens a file as an earlier program of the
// same layout has left it.
func TestAFileFromBeforeTimersGetsThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "xrm.db")
	for range 2 {
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Schedule(t.Context(), core.Timer{Plugin: "loyalty", Key: "a", DueAt: time.Now()}); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"leases", "timers", "job_runs", "plugin_state"} {
			s.onWriter(t, "DROP TABLE "+name)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
