package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/storetest"
	"github.com/openxrm/xrm/schema"
)

// inFile opens a store of things in a file.
func inFile(t *testing.T) (*Store, *schema.Entity, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "xrm.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	m := load(t, planned)
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return s, m.Entity("thing"), path
}

// writer does something to the connection that writes.
func (s *Store) onWriter(t *testing.T, statement string) {
	t.Helper()
	c, err := s.writer.take(t.Context(), s.closed)
	if err != nil {
		t.Fatal(err)
	}
	defer s.writer.put(c)
	if _, err := c.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// unavailable wants an error that a user can act on and that tells nothing of
// the driver.
func unavailable(t *testing.T, err error, message string) {
	t.Helper()
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Unavailable {
		t.Fatalf("error is %v; want it Unavailable", err)
	}
	if ours.Message != message {
		t.Errorf("message is %q; want %q", ours.Message, message)
	}
	if ours.Cause == nil {
		t.Error("the cause is lost to the log")
	}
}

func count(t *testing.T, s *Store, e *schema.Entity) int {
	t.Helper()
	n, err := s.Count(t.Context(), e, core.Query{}, -1)
	if err != nil {
		t.Fatal(err)
	}
	return n[""]
}

func TestAFullDiskIsSaidAndLosesNothing(t *testing.T) {
	s, e, _ := inFile(t)
	commitAll(t, s, e, things(0, 10))
	s.onWriter(t, "PRAGMA max_page_count = 100")
	stored := 10
	var err error
	for i := 1; err == nil && i < 1000; i++ {
		errs := s.Commit(t.Context(), e, things(10*i, 10))
		if err = errs[0]; err == nil {
			stored += 10
			continue
		}
		for n, other := range errs {
			if core.CodeOf(other) != core.Unavailable {
				t.Errorf("change %d of the commit that failed: %v", n, other)
			}
		}
	}
	unavailable(t, err, "The disk of the database is full. Nothing was changed; free some space and try again.")
	if n := count(t, s, e); n != stored {
		t.Errorf("%d records are stored; want the %d that were acknowledged", n, stored)
	}
	s.onWriter(t, "PRAGMA max_page_count = 1000000")
	commitAll(t, s, e, things(100_000, 10))
}

func TestAFileThatCannotBeWrittenCanBeRead(t *testing.T) {
	s, e, _ := inFile(t)
	commitAll(t, s, e, things(0, 3))
	s.onWriter(t, "PRAGMA query_only = 1")
	unavailable(t, s.Commit(t.Context(), e, things(10, 1))[0], "The database cannot be written. Nothing was changed; check the rights of the data directory and try again.")
	if n := count(t, s, e); n != 3 {
		t.Errorf("%d records are found; want 3", n)
	}
	s.onWriter(t, "PRAGMA query_only = 0")
	commitAll(t, s, e, things(10, 1))
}

func TestAFileThatAnotherProgramLocksIsBusy(t *testing.T) {
	s, e, path := inFile(t)
	s.onWriter(t, "PRAGMA busy_timeout = 20")
	other, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	unavailable(t, s.Commit(t.Context(), e, things(0, 1))[0], "Another program keeps the database busy. Nothing was changed; try again in a few seconds.")
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	commitAll(t, s, e, things(0, 1))
}

func TestAWriterThatWaitsTooLongIsTold(t *testing.T) {
	s, e, _ := inFile(t)
	c, err := s.writer.take(t.Context(), s.closed)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	unavailable(t, s.Commit(ctx, e, things(0, 1))[0], "The database did not answer in time. Nothing was changed; try again in a few seconds.")
	s.writer.put(c)
	commitAll(t, s, e, things(0, 1))
}

func TestAClosedStoreSaysSo(t *testing.T) {
	s, e, _ := inFile(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	unavailable(t, s.Commit(t.Context(), e, things(0, 1))[0], "The database is closed because the server is shutting down. Nothing was changed; try again in a few seconds.")
	if err := s.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	tests := map[string]struct {
		make func(path string) error
		want string
	}{
		"a newer layout": {
			func(path string) error {
				s, err := Open(path)
				if err != nil {
					return err
				}
				return errors.Join(s.Close(), run(path, "PRAGMA user_version = 99"))
			},
			"open the database PATH: it was written by a newer xrm (layout 99, this one knows 7); start that one, or restore a backup from before",
		},
		"another program's database": {
			func(path string) error { return run(path, "CREATE TABLE notes (text)") },
			"open the database PATH: it is the SQLite database of another program; name another file",
		},
		"no database": {
			func(path string) error {
				return os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600)
			},
			"open the database PATH: file is not a database (26); restore the file from a backup, or name another one",
		},
		"no directory": {
			func(string) error { return nil },
			"open the database PATH/none/xrm.db: unable to open database file (14); check that its directory exists and that xrm may write to it",
		},
		"a directory": {
			func(path string) error { return os.Mkdir(path, 0o700) },
			"open the database PATH: unable to open database file (14); check that its directory exists and that xrm may write to it",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "xrm.db")
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			file := path
			if name == "no directory" {
				file = filepath.Join(path, "none", "xrm.db")
			}
			s, err := Open(file)
			if err == nil {
				s.Close()
				t.Fatal("it was opened")
			}
			if got := strings.ReplaceAll(err.Error(), path, "PATH"); got != tt.want {
				t.Errorf("error is\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// run runs a statement with the bare driver.
func run(path, statement string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	_, err = db.Exec(statement)
	return errors.Join(err, db.Close())
}

func TestAFileKeepsEverythingWhenItIsOpenedAgain(t *testing.T) {
	s, e, path := inFile(t)
	commitAll(t, s, e, things(0, 30))
	if _, err := s.Next(t.Context(), "n", 0); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveKey(t.Context(), core.Key{ID: "k", Hash: "h"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if pending, err := storetest.Pending(t.Context(), again, 100); err != nil || len(pending) != 30 {
		t.Errorf("%d entries are pending before Prepare, error %v; want 30", len(pending), err)
	}
	if k, err := again.KeyByHash(t.Context(), "h"); err != nil || k == nil {
		t.Errorf("key %v, error %v", k, err)
	}
	if err := again.Prepare(t.Context(), load(t, planned)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, again, e); n != 30 {
		t.Errorf("%d records; want 30", n)
	}
	if n, err := again.Next(t.Context(), "n", 0); err != nil || n != 2 {
		t.Errorf("the next number is %d, error %v; want 2", n, err)
	}
}

func TestNobodyElseCanReadTheFiles(t *testing.T) {
	s, e, path := inFile(t)
	commitAll(t, s, e, things(0, 1))
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the rights %v; want -rw-------", filepath.Base(file), info.Mode().Perm())
		}
	}
}

func TestTwoStoresShareAFile(t *testing.T) {
	s, e, path := inFile(t)
	other, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.Prepare(t.Context(), load(t, planned)); err != nil {
		t.Fatal(err)
	}
	both := []*Store{s, other}
	done := make(chan error)
	for i, store := range both {
		go func() {
			var err error
			for n := 0; n < 50 && err == nil; n++ {
				err = store.Commit(t.Context(), e, things(1000*i+n, 1))[0]
			}
			done <- err
		}()
	}
	for range both {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for i, store := range both {
		if n := count(t, store, e); n != 100 {
			t.Errorf("store %d sees %d records; want 100", i, n)
		}
	}
	commitAll(t, s, e, things(5000, 1))
	errs := other.Commit(t.Context(), e, things(5000, 1))
	if core.CodeOf(errs[0]) != core.Conflict {
		t.Errorf("the same record by the other store: %v; want a Conflict", errs[0])
	}
}

func TestAnUnpreparedEntityIsNamed(t *testing.T) {
	s, _, _ := inFile(t)
	stranger := load(t, "entity: stranger\nfields: {name: {type: text}}").Entity("stranger")
	_, err := s.Find(t.Context(), stranger, core.Query{First: 1})
	if want := `the store was not prepared for the entity "stranger"`; err == nil || err.Error() != want {
		t.Errorf("error is %v; want %s", err, want)
	}
	if got := fmt.Sprint(s.Commit(t.Context(), stranger, make([]core.Change, 0))); got != "[]" {
		t.Errorf("a commit of nothing: %s", got)
	}
}
