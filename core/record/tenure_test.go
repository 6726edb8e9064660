package record_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

func TestWhatWasDecidedBeforeOthersMayHaveGoneOnIsNotCommitted(t *testing.T) {
	d := newDesk(t)
	tenure := int64(1)
	d.Tenure = func() int64 { return tenure }
	e := d.Model.Entity("party")
	const want = "The party was not saved: this server has lost touch with the database for a while, so others may have changed the rules. Try again in a second."
	for _, tt := range []struct {
		opened, committed int64
		saved             bool
	}{{1, 1, true}, {1, 0, false}, {1, 2, false}, {0, 0, false}, {0, 2, false}, {2, 2, true}} {
		tenure = tt.opened
		session := d.As(admin, d.Basis)
		tenure = tt.committed
		got := session.Save(t.Context(), e, []record.Draft{{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "Ada"}}}, false)[0]
		if tt.saved && got.Err != nil || !tt.saved && (core.CodeOf(got.Err) != core.Unavailable || got.Err.Error() != want) {
			t.Errorf("opened in tenure %d, committed in %d: %v", tt.opened, tt.committed, got.Err)
		}
	}
}

// A request may have read the rules before this server was away, and save afterwards.
func TestWhatBeganWithRulesFromBeforeThisServerWasAwayIsNotCommitted(t *testing.T) {
	d := newDesk(t)
	d.Tenure, d.Oldest = func() int64 { return 2 }, func() int64 { return 7 }
	for edition, saved := range map[int64]bool{6: false, 7: true, 8: true} {
		on := d.Basis
		on.Edition = edition
		got := d.As(admin, on).Save(t.Context(), d.Model.Entity("party"), []record.Draft{{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "Ada"}}}, false)[0]
		if saved && got.Err != nil || !saved && core.CodeOf(got.Err) != core.Unavailable {
			t.Errorf("on edition %d, of which 7 is the oldest: %v", edition, got.Err)
		}
	}
}
