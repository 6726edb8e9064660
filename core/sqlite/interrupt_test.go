package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
)

// endless counts for ever before it gives its next row.
const endless = "SELECT n FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c) WHERE n < 0"

func TestWhoLeavesEndsAQueryWhereverItIs(t *testing.T) {
	t.Parallel()
	inFile, err := Open(filepath.Join(t.TempDir(), "xrm.db"))
	if err != nil {
		t.Fatal(err)
	}
	inMemory, err := OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Store{"in a file": inFile, "in memory": inMemory} {
		t.Cleanup(func() { s.Close() })
		for at, query := range map[string]string{"before the first row": endless, "after the first row": "SELECT 1 UNION ALL " + endless} {
			t.Run(name+", "+at, func(t *testing.T) {
				ctx, leave := context.WithCancel(t.Context())
				defer leave()
				ended := make(chan error, 1)
				go func() {
					ended <- s.reading(ctx, "count", func(c *conn) error {
						if at == "before the first row" {
							go leave()
						}
						return c.query(ctx, query, nil, func(*sql.Rows) error {
							leave()
							return nil
						})
					})
				}()
				select {
				case err := <-ended:
					if !errors.Is(err, context.Canceled) || core.CodeOf(err) != core.Unavailable {
						t.Errorf("the query ends with %v, want UNAVAILABLE because of %v", err, context.Canceled)
					}
				case <-time.After(20 * time.Second):
					t.Fatal("the query goes on although nobody waits for it")
				}
				if err := s.Ping(t.Context()); err != nil {
					t.Errorf("the next query is interrupted as well: %v", err)
				}
			})
		}
	}
}
