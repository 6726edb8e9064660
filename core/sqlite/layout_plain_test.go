package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openxrm/xrm/core"
	"modernc.org/sqlite"
)

// beforeToday is a file with records whose indexes over decimals have another key than
// that of today, made of what they are over; and the statements that take away what a
// file had not that has no sort keys.
func beforeToday(t *testing.T, n int, key func(x string) string) (path string, indexes, withoutSort []string) {
	t.Helper()
	m := load(t, planned, "extend: thing\nfields: {serial: {type: decimal, unique: true}}")
	path = filepath.Join(t.TempDir(), "xrm.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	changes := things(0, n)
	for i, c := range changes {
		c.After.Values["serial"] = fmt.Sprintf("%d.5", i-20)
	}
	commitAll(t, s, m.Entity("thing"), changes)
	for _, made := range statements(t, s) {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(made, "CREATE UNIQUE INDEX "), "CREATE INDEX "), " ON ")
		for _, path := range []string{`$."weight"`, `$."price"."amount"`, `$."serial"`} {
			x := "json_extract(doc, '" + path + "')"
			if today := "(" + decimalExpression(x) + ")"; strings.Contains(made, today) {
				indexes = append(indexes, "DROP INDEX "+name, strings.ReplaceAll(made, today, key(x)))
			}
		}
		if strings.Contains(made, "(sort_keys,") {
			withoutSort = append(withoutSort, "DROP INDEX "+name)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if len(indexes) != 2*5 {
		t.Fatalf("%d statements make the indexes of before; want 10: %q", len(indexes), indexes)
	}
	return path, indexes, append(withoutSort, "DROP TABLE key_sets", `ALTER TABLE "entity_thing" DROP COLUMN sort_keys`)
}

// beforePlain is a file as the layout 3 had it, with records: its indexes over
// decimals call a function that only the program of then had.
func beforePlain(t *testing.T, n int) (path string) {
	t.Helper()
	path, indexes, dropped := beforeToday(t, n, func(x string) string { return "xrm_decimal(" + x + ")" })
	d := &sqlite.Driver{}
	err := d.RegisterDeterministicScalarFunction("xrm_decimal", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		if text, ok := args[0].(string); ok {
			return decimalKey(text), nil
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(opener{driver: d, dsn: path})
	defer db.Close()
	if _, err := db.Exec(strings.Join(append(append(indexes, dropped...), "DROP TABLE plugins", "DROP TABLE instances", "PRAGMA user_version = 3"), ";")); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestIndexesOverDecimalsAreMadeAnewInPlainSQL(t *testing.T) {
	checkPlain(t, beforePlain(t, 40))
}

// TestAKillWhileIndexesAreMadeAnewLosesNothing opens what lies on the disk in
// the middle of it.
func TestAKillWhileIndexesAreMadeAnewLosesNothing(t *testing.T) {
	path := beforePlain(t, 500)
	s := &Store{name: path, closed: make(chan struct{})}
	var err error
	if s.writer, err = s.open("file:"+path+"?_journal_mode=WAL&_pragma=cache_size(5)", 1); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := s.writer.take(t.Context(), s.closed)
	if err != nil {
		t.Fatal(err)
	}
	defer s.writer.put(c)
	if err := c.run(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := plainIndexes(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	killed := filepath.Join(t.TempDir(), "xrm.db")
	for _, suffix := range []string{"", "-wal"} {
		left, err := os.ReadFile(path + suffix)
		if err != nil || len(left) == 0 {
			t.Fatalf("xrm.db%s has %d bytes in the middle, %v", suffix, len(left), err)
		}
		if err := os.WriteFile(killed+suffix, left, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.run(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	checkPlain(t, killed)
}

// checkPlain opens a file from before and looks at it with the SQLite shell.
// The field serial, which was unique, is none of the model any more.
func checkPlain(t *testing.T, path string) {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := load(t, planned)
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for _, made := range statements(t, s) {
		if strings.Contains(made, "xrm_") {
			t.Errorf("an index calls a function that only we have: %s", made)
		}
	}
	e := m.Entity("thing")
	q := core.Query{Filter: where(t, m, e, map[string]any{"weight": map[string]any{"lt": "2"}}), OrderBy: orders(e, "-weight"), First: 1}
	if found, err := s.Find(t.Context(), e, q); err != nil || len(found) != 1 || found[0].Values["weight"] != "1.5" {
		t.Errorf("by a decimal: %v, %v", found, err)
	}
	again := things(10_000, 1)
	again[0].After.Values["serial"] = "-19.5"
	if err := s.Commit(t.Context(), e, again)[0]; core.CodeOf(err) != core.Conflict {
		t.Errorf("a second record with a value that was unique: %v; want a conflict", err)
	}
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	copied := path + ".copy"
	out, err := exec.Command(shell, path, "PRAGMA integrity_check; VACUUM INTO '"+copied+"'; PRAGMA integrity_check;").CombinedOutput()
	if err != nil || string(out) != "ok\nok\n" {
		t.Errorf("sqlite3 says %q, %v; want ok", out, err)
	}
	if out, err := exec.Command(shell, copied, "PRAGMA integrity_check").CombinedOutput(); err != nil || string(out) != "ok\n" {
		t.Errorf("sqlite3 says of the copy %q, %v; want ok", out, err)
	}
}
