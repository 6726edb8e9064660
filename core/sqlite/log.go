package sqlite

import (
	"context"
	"database/sql"
	"os"
	"time"
)

const (
	// mostLog is how long the log may be, in bytes, before it is cut. SQLite
	// begins it anew by itself only at a moment when nobody reads from it, and
	// with readers that overlap there is none.
	mostLog = 64 << 20

	// cutEvery is how long to wait before the next try.
	cutEvery = time.Second
)

// cutLog moves the log into the database once it is long, and cuts it. New
// readers do without it meanwhile; for those from before it waits a little, and
// longer once the log is far too long. A failure is made up for by the next
// write.
func (s *Store) cutLog(ctx context.Context, c *conn) {
	if s.file == "" {
		return
	}
	info, err := os.Stat(s.file + "-wal")
	if err != nil || info.Size() <= s.mostLog || time.Since(s.cutTried) < cutEvery {
		return
	}
	s.cutTried = time.Now()
	patience := "PRAGMA busy_timeout = 100"
	if info.Size() > 4*s.mostLog {
		patience = "PRAGMA busy_timeout = 2000"
	}
	ctx = context.WithoutCancel(ctx)
	for _, statement := range []string{patience, "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA busy_timeout = 5000"} {
		_ = c.query(ctx, statement, nil, func(*sql.Rows) error { return nil })
	}
}
