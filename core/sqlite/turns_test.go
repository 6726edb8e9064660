package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/fairqueue"
)

// as is the context of a request of a key.
func as(t *testing.T, key string) context.Context {
	t.Helper()
	turn, err := fairqueue.New(fairqueue.Limits{}, nil).Enter(t.Context(), fairqueue.Ask{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return turn.Context(t.Context())
}

// Somebody writes; meanwhile many bulk writes of some keys come, then one small
// write of another key, and last what keeps leases.
func TestManyRowsKeepNeitherLeasesNorOthersWaiting(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) (*Store, error){
		"in a file": func(t *testing.T) (*Store, error) { return Open(filepath.Join(t.TempDir(), "xrm.db")) },
		"in memory": func(*testing.T) (*Store, error) { return OpenMemory() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, err := open(t)
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				m := load(t, planned)
				if err := s.Prepare(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				s.onWriter(t, "CREATE TABLE order_of (what TEXT)")
				for table, what := range map[string]string{"instances": "'sign of life'", "leases": "'lease'", "entity_thing": "NEW.created_by"} {
					s.onWriter(t, fmt.Sprintf("CREATE TRIGGER order_of_%s AFTER INSERT ON %[1]s BEGIN INSERT INTO order_of VALUES (%s); END", table, what))
				}
				somebody, err := s.turns.Enter(t.Context(), fairqueue.Ask{Key: "somebody"})
				if err != nil {
					t.Fatal(err)
				}
				var all sync.WaitGroup
				next := func(do func() error) {
					all.Go(func() {
						if err := do(); err != nil {
							t.Error(err)
						}
					})
					synctest.Wait() // until it waits for its turn
				}
				from := 0
				commit := func(name string, rows int) func() error {
					key, _, _ := strings.Cut(name, " ")
					ctx, changes := as(t, key), things(from, rows)
					for _, c := range changes {
						c.After.CreatedBy = name
					}
					from += rows
					return func() error {
						for _, err := range s.Commit(ctx, m.Entity("thing"), changes) {
							if err != nil {
								return err
							}
						}
						return nil
					}
				}
				for _, name := range []string{"ada 1st", "ada 2nd", "eva", "ada 3rd"} {
					next(commit(name, 2*RowsAtOnce))
				}
				next(commit("bob", 1))
				next(func() error { return s.Attend(t.Context(), core.Presence{Instance: "i"}, time.Minute) })
				next(func() error { _, err := s.Acquire(t.Context(), "l", "i", time.Minute); return err })
				somebody.Leave()
				all.Wait()

				// Where nobody else waits, the next of a key begins before the rest is there.
				const want = "sign of life: 1, lease: 1, ada 1st: 100, eva: 100, bob: 1, ada 1st: 100, eva: 100, " +
					"ada 2nd: 100, ada 3rd: 100, ada 2nd: 100, ada 3rd: 100, "
				if got := runs(t, s); got != want {
					t.Errorf("written in the order\n%s\nwant\n%s", got, want)
				}
			})
		})
	}
}

// runs is who wrote how much at a time, in order.
func runs(t *testing.T, s *Store) string {
	t.Helper()
	var text strings.Builder
	last, n := "", 0
	tell := func() {
		if n > 0 {
			fmt.Fprintf(&text, "%s: %d, ", last, n)
		}
		n = 0
	}
	err := s.reading(t.Context(), "read the order", func(c *conn) error {
		return c.query(t.Context(), "SELECT what FROM order_of ORDER BY rowid", nil, func(rows *sql.Rows) error {
			var what string
			if err := rows.Scan(&what); err != nil {
				return err
			}
			if what != last {
				tell()
			}
			last = what
			n++
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	tell()
	return text.String()
}

// What is refused or cannot be written in one transaction is told of its own
// rows.
func TestAChangeOfManyIsRefusedByItselfWhereverItIs(t *testing.T) {
	t.Parallel()
	s, e, _ := inFile(t)
	changes := things(0, 2*RowsAtOnce+1)
	commitAll(t, s, e, changes[RowsAtOnce:RowsAtOnce+1])
	for i, err := range s.Commit(t.Context(), e, changes) {
		want := core.Code("")
		if i == RowsAtOnce {
			want = core.Conflict
		}
		if got := core.CodeOf(err); err != nil && got != want || err == nil && want != "" {
			t.Errorf("change %d: %v, want %q", i, err, want)
		}
	}
	if n := count(t, s, e); n != len(changes) {
		t.Errorf("%d things are stored, want %d", n, len(changes))
	}
}
