package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

const keyColumns = "SELECT id, hash, name, roles, party, created_at, created_by, expires_at, last_used_at FROM api_keys"

// SaveKey stores a key, or replaces the one with its id.
func (s *Store) SaveKey(ctx context.Context, k core.Key) error {
	roles, err := encode(list(k.Roles))
	if err != nil {
		return err
	}
	return s.writing(ctx, "save the key", durable, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, `INSERT INTO api_keys (id, hash, name, roles, party, created_at, created_by, expires_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, name = excluded.name, roles = excluded.roles, party = excluded.party,
	created_at = excluded.created_at, created_by = excluded.created_by, expires_at = excluded.expires_at, last_used_at = excluded.last_used_at`,
			k.ID, k.Hash, k.Name, roles, k.Party, schema.Instant(k.CreatedAt), k.CreatedBy, instantOrNone(k.ExpiresAt), instantOrNone(k.LastUsedAt))
		return err
	})
}

// KeyByHash returns the key with this hash, or nil when there is none.
func (s *Store) KeyByHash(ctx context.Context, hash string) (*core.Key, error) {
	found, err := s.keys(ctx, keyColumns+" WHERE hash = ?", hash)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Keys lists all keys by their ids.
func (s *Store) Keys(ctx context.Context) ([]core.Key, error) {
	return s.keys(ctx, keyColumns+" ORDER BY id")
}

// RemoveKey removes the key with this id and says whether there was one.
func (s *Store) RemoveKey(ctx context.Context, id string) (removed bool, err error) {
	err = s.writing(ctx, "remove the key", durable, func(ctx context.Context, c *conn) error {
		removed, err = c.changes(ctx, "DELETE FROM api_keys WHERE id = ?", id)
		return err
	})
	return removed, err
}

// KeyUsed notes when a key was used, unless a later time is noted already. Of a key
// that is gone nothing is noted.
func (s *Store) KeyUsed(ctx context.Context, id string, at time.Time) error {
	return s.writing(ctx, "note the use of the key", soon, func(ctx context.Context, c *conn) error {
		used := schema.Instant(at)
		_, err := c.exec(ctx, "UPDATE api_keys SET last_used_at = ? WHERE id = ? AND last_used_at < ?", used, id, used)
		return err
	})
}

func instantOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return schema.Instant(t)
}

func (s *Store) keys(ctx context.Context, query string, args ...any) ([]core.Key, error) {
	var keys []core.Key
	err := s.reading(ctx, "read the keys", func(c *conn) error {
		return c.query(ctx, query, args, func(rows *sql.Rows) error {
			var k core.Key
			var roles, created, expires, used string
			err := rows.Scan(&k.ID, &k.Hash, &k.Name, &roles, &k.Party, &created, &k.CreatedBy, &expires, &used)
			if err != nil {
				return err
			}
			value, err := decode(roles)
			if err != nil {
				return err
			}
			k.Roles = texts(value)
			for _, at := range []struct {
				text string
				time *time.Time
			}{{created, &k.CreatedAt}, {expires, &k.ExpiresAt}, {used, &k.LastUsedAt}} {
				if at.text == "" {
					continue
				}
				if *at.time, err = time.Parse(schema.InstantFormat, at.text); err != nil {
					return err
				}
			}
			keys = append(keys, k)
			return nil
		})
	})
	return keys, err
}
