package sqlite

import (
	"context"
	"database/sql"

	"github.com/openxrm/xrm/core"
)

// EntriesAfter returns the entries behind a position, in the order of their
// positions and at most limit of them, and the last position that there is.
//
// The position of an entry is the number of its row, which SQLite draws in the
// transaction that writes the record: one more than the greatest. There is one
// writer at a time, what is rolled back draws nothing and no row is ever
// removed, so there are no gaps, in files from before either.
func (s *Store) EntriesAfter(ctx context.Context, position int64, limit int) (entries []core.Entry, last int64, err error) {
	err = s.reading(ctx, "read the journal", func(c *conn) error {
		if _, err := c.row(ctx, "SELECT coalesce(max(seq), 0) FROM journal", nil, &last); err != nil || limit <= 0 {
			return err
		}
		const text = "SELECT seq, entity, record, version, entry FROM journal WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
		return c.query(ctx, text, []any{position, last, limit}, func(rows *sql.Rows) error {
			var e core.Entry
			var document string
			err := rows.Scan(&e.Position, &e.Entity, &e.RecordID, &e.Version, &document)
			if err == nil {
				err = decodeEntry(document, &e)
			}
			entries = append(entries, e)
			return err
		})
	})
	return entries, last, err
}

// Number has nothing to do: every entry has its position from the beginning.
func (s *Store) Number(context.Context) (int, error) { return 0, nil }
