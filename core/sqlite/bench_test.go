package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// stocked is a file with n records.
func stocked(b *testing.B, n int) (*Store, *schema.Entity, string) {
	b.Helper()
	m := load(b, planned)
	path := filepath.Join(b.TempDir(), "xrm.db")
	s, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	if err := s.Prepare(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	e := m.Entity("thing")
	for from := 0; from < n; from += 1000 {
		commitAll(b, s, e, things(from, min(n-from, 1000)))
	}
	return s, e, path
}

func things(from, n int) []core.Change {
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	changes := make([]core.Change, n)
	for i := range changes {
		k := from + i
		after := &core.Record{Entity: "thing", ID: fmt.Sprintf("0190b7f2-0000-7000-8000-%012d", k), Version: 1, CreatedAt: at, CreatedBy: "u", UpdatedAt: at, UpdatedBy: "u", Values: map[string]any{
			"code": fmt.Sprint("C-", k), "name": fmt.Sprint("Thing number ", k), "weight": fmt.Sprintf("%d.5", k%997), "color": []string{"red", "green", "blue"}[k%3],
			"price": map[string]any{"amount": fmt.Sprint(k), "currency": "EUR"}, "place": map[string]any{"city": fmt.Sprint("City ", k%100)}, "tags": []any{"a", "b"},
		}}
		changes[i] = core.Change{Actor: core.Actor{ID: "u", Name: "User"}, At: at, Action: core.Created, After: after}
	}
	return changes
}

func commitAll(tb testing.TB, s *Store, e *schema.Entity, changes []core.Change) {
	tb.Helper()
	for _, err := range s.Commit(context.Background(), e, changes) {
		if err != nil {
			tb.Fatal(err)
		}
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, n := range []int{1, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, e, _ := stocked(b, 1000)
			next := 10_000
			b.ReportAllocs()
			for b.Loop() {
				commitAll(b, s, e, things(next, n))
				next += n
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/record")
		})
	}
	b.Run("1, from 16 at a time", func(b *testing.B) {
		s, e, _ := stocked(b, 1000)
		var next atomic.Int64
		next.Store(10_000)
		b.SetParallelism(8)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				commitAll(b, s, e, things(int(next.Add(1)), 1))
			}
		})
	})
}

// BenchmarkCommitDriver is what the bare driver needs to make one row with the
// same document durable.
func BenchmarkCommitDriver(b *testing.B) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "raw.db")+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE thing (id TEXT PRIMARY KEY, doc TEXT)"); err != nil {
		b.Fatal(err)
	}
	insert, err := db.Prepare("INSERT INTO thing VALUES (?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	next := 0
	for b.Loop() {
		doc, err := json.Marshal(things(next, 1)[0].After.Values)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := insert.Exec(fmt.Sprint(next), string(doc)); err != nil {
			b.Fatal(err)
		}
		next++
	}
}

func BenchmarkFind(b *testing.B) {
	s, e, path := stocked(b, 20_000)
	for _, n := range []int{1, 20, 200} {
		q := core.Query{OrderBy: orders(e, "name"), First: n, After: []any{"Thing number 5", ""}}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				found, err := s.Find(b.Context(), e, q)
				if err != nil || len(found) != n {
					b.Fatal(len(found), err)
				}
			}
		})
		b.Run(fmt.Sprint(n, " by the bare driver"), func(b *testing.B) {
			db, err := sql.Open("sqlite", "file:"+path)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			find, err := db.Prepare(`SELECT id, version, created_at, updated_at, doc FROM entity_thing WHERE deleted_at IS NULL AND json_extract(doc, '$."name"') > ? ORDER BY json_extract(doc, '$."name"'), id LIMIT ?`)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				rows, err := find.Query("Thing number 5", n)
				if err != nil {
					b.Fatal(err)
				}
				count := 0
				for rows.Next() {
					var id, created, updated, doc string
					var version int64
					if err := rows.Scan(&id, &version, &created, &updated, &doc); err != nil {
						b.Fatal(err)
					}
					var values map[string]any
					if err := json.Unmarshal([]byte(doc), &values); err != nil {
						b.Fatal(err)
					}
					count++
				}
				if rows.Close(); count != n {
					b.Fatal(count)
				}
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	s, _, _ := stocked(b, 0)
	for b.Loop() {
		if _, err := s.Next(b.Context(), "n", 0); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFindPart reads a page of which some values are wanted, or all.
func BenchmarkFindPart(b *testing.B) {
	s, e, _ := stocked(b, 1000)
	for name, only := range map[string][]string{"all": nil, "two": {"code", "name"}, "most": {"code", "name", "weight", "color", "price", "place"}, "none": {}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found, err := s.Find(b.Context(), e, core.Query{First: 20, Only: only}); err != nil || len(found) != 20 {
					b.Fatal(len(found), err)
				}
			}
		})
	}
}
