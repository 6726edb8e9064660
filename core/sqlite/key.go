package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

const keyColumns = "SELECT id, hash, name, roles, party, created_at, created_by FROM api_keys"

// SaveKey stores a key, or replaces the one with its id.
func (s *Store) SaveKey(ctx context.Context, k core.Key) error {
	roles, err := encode(list(k.Roles))
	if err != nil {
		return err
	}
	return s.writing(ctx, "save the key", durable, func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, `INSERT INTO api_keys (id, hash, name, roles, party, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, name = excluded.name, roles = excluded.roles, party = excluded.party,
	created_at = excluded.created_at, created_by = excluded.created_by`,
			k.ID, k.Hash, k.Name, roles, k.Party, schema.Instant(k.CreatedAt), k.CreatedBy)
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

func (s *Store) keys(ctx context.Context, query string, args ...any) ([]core.Key, error) {
	var keys []core.Key
	err := s.reading(ctx, "read the keys", func(c *conn) error {
		return c.query(ctx, query, args, func(rows *sql.Rows) error {
			var k core.Key
			var roles, created string
			err := rows.Scan(&k.ID, &k.Hash, &k.Name, &roles, &k.Party, &created, &k.CreatedBy)
			if err != nil {
				return err
			}
			value, err := decode(roles)
			if err != nil {
				return err
			}
			k.Roles = texts(value)
			k.CreatedAt, err = time.Parse(schema.InstantFormat, created)
			keys = append(keys, k)
			return err
		})
	})
	return keys, err
}
