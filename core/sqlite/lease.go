package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

const leaseTable = `
CREATE TABLE leases (
	name   TEXT PRIMARY KEY,
	holder TEXT NOT NULL,
	until  INTEGER NOT NULL -- Unix milliseconds, as everywhere below
) STRICT, WITHOUT ROWID;
`

// Acquire takes or renews a lease and says whether holder has it now, for ttl
// from now. Processes that share a file share a machine, and so its clock. It
// does not wait for the disk: a loss of power ends all holders. What the dead have left of
// others goes on the way.
func (s *Store) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error) {
	err = s.writingFirst(ctx, "take the lease "+name, func(ctx context.Context, c *conn) error {
		now := time.Now()
		if _, err := c.exec(ctx, "DELETE FROM leases WHERE until <= ?", now.UnixMilli()); err != nil {
			return err
		}
		held, err = c.changes(ctx, `INSERT INTO leases (name, holder, until) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE leases.holder = ?2`,
			name, holder, now.Add(ttl).UnixMilli())
		return err
	})
	return held && err == nil, err
}

// Release gives a lease back, if holder has it.
func (s *Store) Release(ctx context.Context, name, holder string) error {
	return s.writingFirst(ctx, "give back the lease "+name, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, "DELETE FROM leases WHERE name = ? AND holder = ?", name, holder)
		return err
	})
}

// Holders says who has which of some leases now. Those that nobody has are left out.
func (s *Store) Holders(ctx context.Context, names []string) (map[string]string, error) {
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	holders := map[string]string{}
	err = s.reading(ctx, "read who has leases", func(c *conn) error {
		return c.query(ctx, "SELECT name, holder FROM leases WHERE name IN (SELECT value FROM json_each(?)) AND until > ?",
			[]any{string(list), time.Now().UnixMilli()}, func(rows *sql.Rows) error {
				var name, holder string
				err := rows.Scan(&name, &holder)
				holders[name] = holder
				return err
			})
	})
	return holders, err
}

// changes runs a statement and says whether it changed a row.
func (c *conn) changes(ctx context.Context, text string, args ...any) (bool, error) {
	result, err := c.exec(ctx, text, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// moment is the time of Unix milliseconds. The zero time comes back as it was.
func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
