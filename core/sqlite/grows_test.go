package sqlite

import (
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/storetest"
)

// TestNoListGrowsWithTheData asks for every form of list of a small and of a
// large database. What one index answers must cost the same in both. All else
// looks at a bounded number of records, or is refused: every way that it tries
// takes a few steps for each of them, and to read all would take more.
func TestNoListGrowsWithTheData(t *testing.T) {
	const steps = 300 // for a record, over all that is tried
	small, large := grown(t, "", 300), grown(t, "", 3600)
	small.farthest, large.farthest = 50, 50
	before, answered, refused := map[string]storetest.Form{}, 0, 0
	for _, f := range storetest.Forms(t, small, small.model) {
		before[f.Name] = f
	}
	for _, f := range storetest.Forms(t, large, large.model) {
		ask := func(b *big, f storetest.Form) func() {
			return func() {
				_, err := b.Find(t.Context(), f.Entity, f.Query)
				switch {
				case err == nil:
				case core.CodeOf(err) != core.Invalid:
					t.Fatalf("%s: %v", f.Name, err)
				case b == large:
					refused++
				}
			}
		}
		in := [...]int{small.work(t, ask(small, before[f.Name])), large.work(t, ask(large, f))}
		if byOneIndex(t, large, f) {
			answered++
			if in[1] > in[0]*3/2+200 {
				t.Errorf("%s: one index answers it, and yet it takes %d steps, and %d where there is twelve times as much", f.Name, in[0], in[1])
			}
		}
		if most := steps * large.farthest; in[1] > most {
			t.Errorf("%s takes %d steps where there is twelve times as much as where it takes %d; %d would be a bounded number of records", f.Name, in[1], in[0], most)
		}
	}
	t.Logf("%d forms; one index answers %d, and %d are refused where a page may look at %d records", len(before), answered, refused, large.farthest)
}

func byOneIndex(t *testing.T, b *big, f storetest.Form) bool {
	t.Helper()
	table, err := b.table(f.Entity)
	if err != nil {
		t.Fatal(err)
	}
	at := (&statement{table: table}).records()
	if f.Deleted {
		at.which = both
	}
	all := conditionsOf(table.stretched(f.Query))
	keys, _ := at.varying(all, table.sortKeys(f.Query), f.After)
	m := at.walk(all, keys)
	return f.Per == nil && m != nil && len(m.answers()) == len(all)
}

// TestEveryWayFindsTheSame lets each form go in its order to the end, and begin
// with what its conditions select, however many that are.
func TestEveryWayFindsTheSame(t *testing.T) {
	b := grown(t, "", 200)
	const all = 1 << 20
	for _, f := range storetest.Forms(t, b, b.model) {
		table, err := b.table(f.Entity)
		if err != nil {
			t.Fatal(err)
		}
		if f.Per != nil || f.Deleted {
			continue
		}
		var found [][]string
		add := func(records []*core.Record, err error) {
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			var ids []string
			for _, r := range records {
				ids = append(ids, r.ID)
			}
			found = append(found, ids)
		}
		add(b.Find(t.Context(), f.Entity, f.Query))
		err = b.reading(t.Context(), "try", func(c *conn) error {
			p := &planner{Store: b.Store, conn: c, table: table, query: f.Query, columns: columns(f.Query)}
			_, at := p.statement(t.Context())
			conditions := conditionsOf(table.stretched(f.Query))
			keys, after := at.varying(conditions, table.sortKeys(f.Query), f.After)
			p.after = after
			if m := at.walk(conditions, keys); m != nil {
				records, _, err := p.walked(t.Context(), *m, conditions, keys, all)
				add(records, err)
			}
			records, _, err := p.narrowed(t.Context(), conditions, keys, all, true)
			add(records, err)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		unlimited := f.Query
		unlimited.First = -1
		records, err := b.Find(t.Context(), f.Entity, unlimited)
		add(records[:min(len(records), f.First)], err)
		for _, ids := range found[1:] {
			if !slices.Equal(ids, found[0]) {
				t.Errorf("%s: one way finds %q, another one %q", f.Name, found[0], ids)
			}
		}
	}
}

// BenchmarkForms measures every form of list in a file of as many parties as
// XRM_TEST_PARTIES says. The file stays where XRM_TEST_PARTIES_FILE says.
func BenchmarkForms(b *testing.B) {
	n := 10_000
	if text := os.Getenv("XRM_TEST_PARTIES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	path := os.Getenv("XRM_TEST_PARTIES_FILE")
	if path == "" {
		path = b.TempDir() + "/xrm.db"
	}
	store := grown(b, path, n)
	for _, f := range storetest.Forms(b, store, store.model) {
		b.Run(f.Name, func(b *testing.B) {
			slowest := time.Duration(0)
			for b.Loop() {
				start := time.Now()
				if _, err := store.Find(b.Context(), f.Entity, f.Query); err != nil && core.CodeOf(err) != core.Invalid {
					b.Fatal(err)
				}
				slowest = max(slowest, time.Since(start))
			}
			b.ReportMetric(float64(slowest.Microseconds())/1000, "ms-at-most")
		})
	}
}
