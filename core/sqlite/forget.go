package sqlite

import (
	"context"
	"database/sql"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Forget takes what says something about a person out of the entries of these
// records, in the journal, where those that are pending lie too, and in deliveries.
func (s *Store) Forget(ctx context.Context, e *schema.Entity, ids []string) error {
	e = e.Stored()
	records := make([]any, len(ids))
	keys := make([]any, len(ids))
	for i, id := range ids {
		records[i], keys[i] = id, e.Name+"/"+id
	}
	return s.writing(ctx, "forget the history of "+e.Plural, durable, func(ctx context.Context, c *conn) error {
		err := c.rewrite(ctx, "SELECT seq, entry FROM journal WHERE entity = ? AND record IN (SELECT value FROM json_each(?))",
			"UPDATE journal SET entry = ? WHERE seq = ?", []any{e.Name}, records, func(document string) (string, error) {
				var entry core.Entry
				if err := decodeEntry(document, &entry); err != nil {
					return "", err
				}
				return encodeEntry(entry.WithoutPII(e))
			})
		if err != nil {
			return err
		}
		return c.rewrite(ctx, "SELECT rowid, document FROM deliveries WHERE key IN (SELECT value FROM json_each(?))",
			"UPDATE deliveries SET document = ? WHERE rowid = ?", nil, keys, func(document string) (string, error) {
				event, err := decodeEvent(document)
				if err != nil || event.Entry == nil {
					return document, err // what a plugin has published is the plugin's
				}
				return encodeEvent(event.Entry.WithoutPII(e).Event())
			})
	})
}

// rewrite changes the documents that a query finds, which has a list as its
// last argument.
func (c *conn) rewrite(ctx context.Context, find, update string, args, list []any, change func(document string) (string, error)) error {
	last, err := encode(list)
	if err != nil {
		return err
	}
	changed := map[int64]string{}
	err = c.query(ctx, find, append(args, last), func(rows *sql.Rows) error {
		var row int64
		var before string
		if err := rows.Scan(&row, &before); err != nil {
			return err
		}
		after, err := change(before)
		if after != before {
			changed[row] = after
		}
		return err
	})
	if err != nil {
		return err
	}
	for row, document := range changed {
		if _, err := c.exec(ctx, update, document, row); err != nil {
			return err
		}
	}
	return nil
}
