package sqlite

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
)

// BenchmarkBesideDeletedRecords is what 10,000 live records cost to read when
// others were deleted, which stay in the table.
func BenchmarkBesideDeletedRecords(b *testing.B) {
	const live = 10_000
	for _, deleted := range []int{0, live, 9 * live} {
		s, e, path := stocked(b, live+deleted)
		at := time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)
		for from := live; from < live+deleted; from += 1000 {
			changes := things(from, 1000)
			for i := range changes {
				before := changes[i].After
				after := before.Clone()
				after.Version, after.DeletedAt = 2, at
				changes[i].Action, changes[i].Before, changes[i].After = core.Deleted, before, after
			}
			commitAll(b, s, e, changes)
		}
		byName := core.Query{OrderBy: orders(e, "name"), First: 20, After: []any{"Thing number 5", ""}}
		b.Run(fmt.Sprint(deleted, " deleted/page of 20"), func(b *testing.B) {
			for b.Loop() {
				if found, err := s.Find(b.Context(), e, byName); err != nil || len(found) != 20 {
					b.Fatal(len(found), err)
				}
			}
			if info, err := os.Stat(path); err == nil {
				b.ReportMetric(float64(info.Size())/(1<<20), "MiB")
			}
		})
		b.Run(fmt.Sprint(deleted, " deleted/count of all"), func(b *testing.B) {
			for b.Loop() {
				if n, err := s.Count(b.Context(), e, core.Query{}, live+1); err != nil || n[""] != live {
					b.Fatal(n, err)
				}
			}
		})
	}
}
