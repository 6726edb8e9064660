package sqlite

import (
	"strings"
	"testing"
)

// TestDeliveriesAreFoundByTheirIndexes looks at what is asked all the time,
// however long the backlog is.
func TestDeliveriesAreFoundByTheirIndexes(t *testing.T) {
	s := memory(t, load(t, planned))
	tests := map[string]struct {
		text string
		args int
		want []string
	}{
		"what is deliverable": {
			"SELECT document FROM deliveries WHERE subscriber = ? AND due <= ? AND dead_at IS NULL ORDER BY due, seq LIMIT ?", 3,
			[]string{"INDEX deliveries_due (subscriber=? AND due<?)"},
		},
		"the ones before of a key": {waitForEarlier, 2, []string{"INDEX deliveries_key (subscriber=? AND key=? AND seq<?)"}},
		"the ones behind of a key": {letLaterWait, 2, []string{"INDEX deliveries_key (subscriber=? AND key=? AND seq>?)"}},
		"dead letters": {
			"SELECT document FROM deliveries WHERE subscriber = ? AND (dead_at, event) > (?, ?) AND dead_at IS NOT NULL ORDER BY dead_at, event LIMIT ?", 4,
			[]string{"INDEX deliveries_dead (subscriber=? AND (dead_at,event)>(?,?))"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := s.plan(t, tt.text, make([]any, tt.args))
			for _, want := range tt.want {
				if !strings.Contains(plan, want) {
					t.Errorf("the plan has no step %q:\n%s", want, plan)
				}
			}
			if strings.Contains(plan, "SCAN deliveries") || strings.Contains(plan, "TEMP B-TREE") {
				t.Errorf("the plan scans or sorts:\n%s", plan)
			}
		})
	}
}
