package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"reflect"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// handle is SQLite's own of a connection. The driver keeps it to itself: it
// interrupts a query until the first row, and whoever leaves after that would
// have the rest of the rows looked for all the same.
func handle(c *sql.Conn) (db uintptr, err error) {
	err = c.Raw(func(driver any) error {
		field := reflect.Indirect(reflect.ValueOf(driver)).FieldByName("db")
		if field.Kind() != reflect.Uintptr {
			return errors.New("the driver of SQLite is another one: it cannot be interrupted")
		}
		db = uintptr(field.Uint())
		return nil
	})
	return db, err
}

// interruptible ends what the connection does when ctx ends, until stop is
// called. The connection must not be closed in the meantime.
func (c *conn) interruptible(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	interrupted := make(chan struct{})
	cancel := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		tls := libc.NewTLS() // that of the connection is in use
		defer tls.Close()
		sqlite3.Xsqlite3_interrupt(tls, c.handle)
	})
	return func() {
		if !cancel() {
			<-interrupted // or it would meet the next query
		}
	}
}
