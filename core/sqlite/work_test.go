package sqlite

import (
	"reflect"
	"testing"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// work is what SQLite does meanwhile, in steps of its virtual machine, with a
// store in memory. The driver does not say; its connection is looked into.
func (s *Store) work(tb testing.TB, do func()) (steps int) {
	tb.Helper()
	count := func() (sum int) {
		err := s.reading(tb.Context(), "count the steps", func(c *conn) error {
			return c.Raw(func(driver any) error {
				inner := reflect.ValueOf(driver).Elem()
				db, tls := uintptr(inner.FieldByName("db").Uint()), (*libc.TLS)(inner.FieldByName("tls").UnsafePointer())
				for stmt := sqlite3.Xsqlite3_next_stmt(tls, db, 0); stmt != 0; stmt = sqlite3.Xsqlite3_next_stmt(tls, db, stmt) {
					sum += int(sqlite3.Xsqlite3_stmt_status(tls, stmt, sqlite3.SQLITE_STMTSTATUS_VM_STEP, 1))
				}
				return nil
			})
		})
		if err != nil {
			tb.Fatal(err)
		}
		return sum
	}
	count()
	do()
	return count()
}
