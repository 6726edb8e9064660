package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What a user gets to read when the database does not do what it should.
const (
	tooLate  = "The database did not answer in time. Nothing was changed; try again in a few seconds."
	shutDown = "The database is closed because the server is shutting down. Nothing was changed; try again in a few seconds."
	busy     = "Another program keeps the database busy. Nothing was changed; try again in a few seconds."
	readOnly = "The database cannot be written. Nothing was changed; check the rights of the data directory and try again."
	ioFailed = "The disk of the database does not work. The change may or may not have been saved; check the disk, then load the record to see."
	damaged  = "The database file is damaged. Stop the server and restore the file from a backup."
)

var errClosed = errors.New("the store is closed")

// failed says what could not be done. It is an Unavailable error when
// somebody can do something about it, and otherwise one for the log.
func (s *Store) failed(what string, err error) error {
	if err == nil {
		return nil
	}
	var ours *core.Error
	if errors.As(err, &ours) {
		return err
	}
	err = fmt.Errorf("%s in %s: %w", what, s.name, err)
	if message := advice(err); message != "" {
		return &core.Error{Code: core.Unavailable, Message: message, Cause: err}
	}
	return err
}

// advice is what a user can do about an error of the driver; "" for nothing.
func advice(err error) string {
	switch {
	case errors.Is(err, errClosed), errors.Is(err, sql.ErrConnDone):
		return shutDown
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return tooLate
	}
	switch codeOf(err) & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return busy
	case sqlite3.SQLITE_INTERRUPT:
		return tooLate
	case sqlite3.SQLITE_FULL:
		return core.DiskFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH:
		return readOnly
	case sqlite3.SQLITE_IOERR:
		return ioFailed
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged
	}
	return ""
}

// codeOf returns SQLite's extended result code, or 0.
func codeOf(err error) int {
	var driver *sqlite.Error
	if errors.As(err, &driver) {
		return driver.Code()
	}
	return 0
}

// stale is the refusal of a change whose record is not what it was based on.
func stale() error {
	return &core.Error{
		Code: core.Conflict, Message: "Somebody else changed the record in the meantime. Load it and try again.",
		Violations: schema.Violations{{Rule: "version", Message: "the stored version is another one"}},
	}
}

// taken is the refusal of a value that another live record has.
func taken(path string) error {
	return &core.Error{
		Code: core.Conflict, Message: "Another record has the same " + path + ".",
		Violations: schema.Violations{{Field: path, Rule: "unique", Message: "is taken by another record"}},
	}
}
