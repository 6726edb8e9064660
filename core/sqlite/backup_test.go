package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
)

func TestOfEveryTableItIsDecidedWhetherABackupHasIt(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "backup", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := openFile(t)
	var tables []string
	err = s.reading(t.Context(), "list the tables", func(c *conn) (err error) {
		tables, err = c.names(t.Context(), "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'entity_%' AND name NOT LIKE 'terms_%'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	decided := keeping()
	for _, table := range tables {
		if kept, ok := decided[table]; !ok || (kept.kind == "") == (kept.not == "") {
			t.Errorf("decide in keeping what a backup has of the table %s, or why it has nothing of it", table)
		}
		if !strings.Contains(string(readme), "`"+table+"`") {
			t.Errorf("say in core/backup/README.md what a backup has of the table %s", table)
		}
		delete(decided, table)
	}
	for table := range decided {
		t.Errorf("keeping decides about the table %s, which there is not", table)
	}
}

func openFile(t *testing.T) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "xrm.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestACopyIsForItsOwnerAndGoneWhenItIsClosed(t *testing.T) {
	t.Parallel()
	s := openFile(t)
	// One that was killed has left this.
	if err := os.WriteFile(s.file+"-backup", []byte("half a copy"), 0o600); err != nil {
		t.Fatal(err)
	}
	still, err := s.Freeze(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(t.Context(), "n", 0); err != nil {
		t.Fatal(err)
	}
	counters := 0
	count := func(core.Item) error { counters++; return nil }
	if err := still.Items(t.Context(), core.CounterItem, count); err != nil || counters != 0 {
		t.Errorf("the copy has %d counters, %v; want those of when it was made", counters, err)
	}
	if err := still.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(s.file + "-backup*"); len(left) > 0 {
		t.Errorf("the copy has left %v", left)
	}
}

func TestACopyThatIsStoppedLeavesNothing(t *testing.T) {
	t.Parallel()
	s := openFile(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Freeze(ctx); err == nil {
		t.Error("a copy was made that nobody wants any more")
	}
	if left, _ := filepath.Glob(s.file + "-backup*"); len(left) > 0 {
		t.Errorf("the copy has left %v", left)
	}
	if _, err := s.Next(t.Context(), "n", 0); err != nil {
		t.Errorf("afterwards nothing can be written: %v", err)
	}
}

func TestARestoreThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	s := openFile(t)
	broken := errors.New("the file ends")
	err := s.Restore(t.Context(), nil, func(put func(context.Context, []core.Item) error) error {
		err := put(t.Context(), []core.Item{{Record: &core.Record{Entity: "thing", ID: "1", Version: 1}}, {Counter: &core.Counter{Name: "n", Last: 7}}})
		return errors.Join(err, broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("Restore says %v", err)
	}
	holdings, err := s.Holdings(t.Context())
	for kind, n := range holdings {
		if n > 0 {
			t.Errorf("%d of %s are left", n, kind)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestARestoreOverWhatSomebodyHasWrittenIsRefused(t *testing.T) {
	t.Parallel()
	s := openFile(t)
	if _, err := s.Next(t.Context(), "n", 0); err != nil {
		t.Fatal(err)
	}
	err := s.Restore(t.Context(), nil, func(func(context.Context, []core.Item) error) error { return nil })
	if core.CodeOf(err) != core.Conflict || !strings.Contains(err.Error(), "The database is not empty any more: somebody has written a counter. Nothing was restored.") {
		t.Errorf("Restore says %v", err)
	}
}
