package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"
)

// application marks our files, in the header. Beside it stands the layout: how
// many of the steps the file has taken.
const application = 0x78726d31 // "xrm1"

// layouts are the steps from an empty file to the layout of today. A step that
// was released never changes; there is a new one when a program from before
// could not use the file as it is to be.
func layouts() []func(context.Context, *conn) error {
	return []func(context.Context, *conn) error{
		script(firstTables), script(deliveryTables + leaseTable + timerTable + jobRunTable + stateTable), script(keyTimes), plainIndexes,
		script(registryTables), addKeys, shortDecimals,
	}
}

// laterTables are made whenever they are missing: programs from before lose nothing by
// not knowing them.
const laterTables = definitionsTable + ";\n" + broadcastTable

func script(text string) func(context.Context, *conn) error {
	return func(ctx context.Context, c *conn) error { return c.run(ctx, text) }
}

// firstTables are those that a database has had from the beginning. In the
// journal an entry is pending until the relay has seen to it; it is written
// together with the record, in its place for good, so the relay moves nothing
// but a mark.
const firstTables = `
CREATE TABLE entities (
	name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
CREATE TABLE term_sets (
	entity    TEXT NOT NULL,
	path      TEXT NOT NULL,
	signature TEXT NOT NULL,
	PRIMARY KEY (entity, path)
) STRICT, WITHOUT ROWID;
CREATE TABLE journal (
	seq     INTEGER PRIMARY KEY,
	entity  TEXT NOT NULL,
	record  TEXT NOT NULL,
	version INTEGER NOT NULL,
	pending INTEGER NOT NULL,
	entry   TEXT NOT NULL,
	UNIQUE (entity, record, version)
) STRICT;
CREATE INDEX journal_pending ON journal (seq) WHERE pending = 1;
CREATE TABLE counters (
	name  TEXT PRIMARY KEY,
	value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE api_keys (
	id         TEXT PRIMARY KEY,
	hash       TEXT NOT NULL UNIQUE,
	name       TEXT NOT NULL,
	roles      TEXT NOT NULL,
	party      TEXT NOT NULL,
	created_at TEXT NOT NULL,
	created_by TEXT NOT NULL
) STRICT;
`

// deliveryTables are the subscriptions and what is on its way to them. The
// times are text that sorts. A
// program that knows nothing of them would settle entries that no subscriber
// was told.
const deliveryTables = `
CREATE TABLE subscriptions (
	subscriber TEXT PRIMARY KEY,
	topics     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE deliveries (
	subscriber TEXT NOT NULL,
	event      TEXT NOT NULL,
	key        TEXT NOT NULL,
	seq        INTEGER NOT NULL,
	due        TEXT NOT NULL,
	attempts   INTEGER NOT NULL,
	error      TEXT NOT NULL,
	dead_at    TEXT,
	document   TEXT NOT NULL,
	UNIQUE (subscriber, event)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (subscriber, due, seq) WHERE dead_at IS NULL;
CREATE INDEX deliveries_key ON deliveries (subscriber, key, seq) WHERE dead_at IS NULL;
CREATE INDEX deliveries_dead ON deliveries (subscriber, dead_at, event) WHERE dead_at IS NOT NULL;
`

// keyTimes are when a key expires and when it was used last, empty for never: a
// program that does not know them would let an expired key in.
const keyTimes = `
ALTER TABLE api_keys ADD COLUMN expires_at TEXT NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN last_used_at TEXT NOT NULL DEFAULT '';
`

var errForeign = errors.New("it is the SQLite database of another program; name another file")

// lay brings a file to the layout of today, from nothing or from an older one,
// and refuses a file that is not ours or newer than this program.
func (s *Store) lay() error {
	c, err := s.writer.take(context.Background(), s.closed)
	if err != nil {
		return explained(err)
	}
	defer s.writer.put(c)
	steps := layouts()
	return explained(transact(context.Background(), c, durable, func(ctx context.Context, c *conn) error {
		var owner, version, tables int
		_, err := c.row(ctx, "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)",
			nil, &owner, &version, &tables)
		switch {
		case err != nil:
			return err
		case owner != application && (owner != 0 || tables > 0):
			return errForeign
		case version > len(steps):
			return fmt.Errorf("it was written by a newer xrm (layout %d, this one knows %d); start that one, or restore a backup from before", version, len(steps))
		case version == len(steps):
			return c.run(ctx, laterTables)
		}
		for _, step := range steps[version:] {
			if err := step(ctx, c); err != nil {
				return err
			}
		}
		if err := c.run(ctx, laterTables); err != nil {
			return err
		}
		for _, header := range []string{fmt.Sprintf("PRAGMA application_id = %d", application), fmt.Sprintf("PRAGMA user_version = %d", len(steps))} {
			if _, err := c.ExecContext(ctx, header); err != nil {
				return err
			}
		}
		return nil
	}))
}

// run runs statements that are not worth keeping.
func (c *conn) run(ctx context.Context, script string) error {
	for statement := range strings.SplitSeq(script, ";\n") {
		if statement = strings.TrimSpace(statement); statement == "" {
			continue
		}
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// makeFile makes an empty file, which SQLite takes for an empty database, and
// which nobody else can read: SQLite gives the files beside it the same
// rights. Where that fails SQLite fails too, and says why.
func makeFile(path string) {
	if f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600); err == nil {
		f.Close()
	}
}

// explained adds what the operator can do about a file that does not open.
func explained(err error) error {
	switch codeOf(err) & 0xff {
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fmt.Errorf("%w; check that its directory exists and that xrm may write to it", err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w; restore the file from a backup, or name another one", err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w; another program keeps the file locked: stop it, then start again", err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w; free some space on the disk, then start again", err)
	}
	return err
}

// quoted is a name as it stands in SQL.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// names scans a query of one column.
func (c *conn) names(ctx context.Context, text string) ([]string, error) {
	var names []string
	err := c.query(ctx, text, nil, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		names = append(names, name)
		return err
	})
	return names, err
}
