package sqlite

import (
	"testing"
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
