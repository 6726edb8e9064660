package sqlite

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/storetest"
)

func TestAFileOfAnOlderLayoutIsBroughtToThatOfToday(t *testing.T) {
	dump, err := os.ReadFile("testdata/layout1.sql")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "xrm.db")
	if err := run(path, string(dump)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time it is one of today
		checkLayout(t, path)
	}
}

func checkLayout(t *testing.T, path string) {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := load(t, "entity: thing\nfields: {name: {type: text}}")
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	fresh := memory(t, m)
	if diff := cmp.Diff(statements(t, fresh), statements(t, s)); diff != "" {
		t.Errorf("the tables and indexes are not those of a new file: -want +got:\n%s", diff)
	}
	if keys, err := s.Keys(t.Context()); err != nil || len(keys) != 1 || !keys[0].ExpiresAt.IsZero() || !keys[0].LastUsedAt.IsZero() {
		t.Errorf("keys: %+v, %v; want the one from before, without an end and a use", keys, err)
	}
	pending, err := storetest.Pending(t.Context(), s, 10)
	if err != nil || len(pending) != 1 || pending[0].Action != core.Created || pending[0].Roles != nil {
		t.Fatalf("pending: %+v, %v; want the entry from before", pending, err)
	}
	placed, last, err := s.EntriesAfter(t.Context(), 0, 10)
	if err != nil || last != 1 || len(placed) != 1 || placed[0].Position != 1 || placed[0].RecordID != pending[0].RecordID {
		t.Errorf("by position: %+v, last %d, %v; want the entry from before at 1", placed, last, err)
	}
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	if err := s.Enqueue(t.Context(), []core.Delivery{{Subscriber: "s", Event: pending[0].Event(), Due: at}}); err != nil {
		t.Fatal(err)
	}
	if due, err := s.Deliverable(t.Context(), "s", at, 10); err != nil || len(due) != 1 {
		t.Errorf("deliverable: %+v, %v; want one", due, err)
	}
	if layout, err := fileLayout(t, s); err != nil || layout != len(layouts()) {
		t.Errorf("the layout is %d, %v; want %d", layout, err, len(layouts()))
	}
}

// statements are what has made the tables and indexes, by their names.
func statements(t *testing.T, s *Store) []string {
	t.Helper()
	var made []string
	err := s.reading(t.Context(), "read the schema", func(c *conn) (err error) {
		made, err = c.names(t.Context(), "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func fileLayout(t *testing.T, s *Store) (layout int, err error) {
	t.Helper()
	err = s.reading(t.Context(), "read the layout", func(c *conn) error {
		_, err := c.row(t.Context(), "PRAGMA user_version", nil, &layout)
		return err
	})
	return layout, err
}
