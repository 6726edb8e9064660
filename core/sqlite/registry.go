package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/openxrm/xrm/core"
)

// registryTables say which plugins are in force. A program that knows nothing of
// them would save around the rules of those that its folder lacks.
const registryTables = `
CREATE TABLE plugins (
	name       TEXT PRIMARY KEY,
	generation INTEGER NOT NULL,
	document   TEXT NOT NULL
) STRICT;
CREATE TABLE instances (
	id       TEXT PRIMARY KEY,
	until    INTEGER NOT NULL,
	document TEXT NOT NULL
) STRICT;
`

// Registrations lists what is known of plugins, by name, but for those that are
// at the generation known of them.
func (s *Store) Registrations(ctx context.Context, known map[string]int64) ([]core.Registration, error) {
	told, err := json.Marshal(known)
	if err != nil {
		return nil, err
	}
	var list []core.Registration
	err = s.reading(ctx, "read the plugins in force", func(c *conn) error {
		const query = `SELECT name, generation, document FROM plugins
WHERE NOT EXISTS (SELECT 1 FROM json_each(?) WHERE key = name AND value = generation) ORDER BY name`
		return c.query(ctx, query, []any{string(told)}, func(rows *sql.Rows) error {
			var r core.Registration
			var document string
			if err := rows.Scan(&r.Plugin, &r.Generation, &document); err != nil {
				return err
			}
			err := json.Unmarshal([]byte(document), &r)
			list = append(list, r)
			return err
		})
	})
	return list, err
}

// Register stores a registration in the place of the one of the generation before,
// and says whether that one was there.
func (s *Store) Register(ctx context.Context, r core.Registration) (stored bool, err error) {
	document, err := json.Marshal(r)
	if err != nil {
		return false, err
	}
	err = s.writing(ctx, "register the plugin "+r.Plugin, durable, func(ctx context.Context, c *conn) error {
		if r.Generation == 1 {
			stored, err = c.changes(ctx, "INSERT INTO plugins (name, generation, document) VALUES (?, 1, ?) ON CONFLICT DO NOTHING", r.Plugin, string(document))
			return err
		}
		stored, err = c.changes(ctx, "UPDATE plugins SET generation = ?, document = ? WHERE name = ? AND generation = ?",
			r.Generation, string(document), r.Plugin, r.Generation-1)
		return err
	})
	return stored && err == nil, err
}

// Attend notes that an instance runs, for ttl from now. It does not wait for the
// disk: a loss of power ends all instances of a file.
func (s *Store) Attend(ctx context.Context, p core.Presence, ttl time.Duration) error {
	document, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return s.writingFirst(ctx, "note that the instance runs", func(ctx context.Context, c *conn) error {
		now := time.Now()
		if _, err := c.exec(ctx, "DELETE FROM instances WHERE until <= ?", now.UnixMilli()); err != nil {
			return err
		}
		_, err := c.exec(ctx, `INSERT INTO instances (id, until, document) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET until = excluded.until, document = excluded.document`, p.Instance, now.Add(ttl).UnixMilli(), string(document))
		return err
	})
}

// Present lists the instances that run, by their ids.
func (s *Store) Present(ctx context.Context) ([]core.Presence, error) {
	var list []core.Presence
	err := s.reading(ctx, "read which instances run", func(c *conn) error {
		const query = "SELECT id, document FROM instances WHERE until > ? ORDER BY id"
		return c.query(ctx, query, []any{time.Now().UnixMilli()}, func(rows *sql.Rows) error {
			var p core.Presence
			var document string
			if err := rows.Scan(&p.Instance, &document); err != nil {
				return err
			}
			err := json.Unmarshal([]byte(document), &p)
			list = append(list, p)
			return err
		})
	})
	return list, err
}

// Leave notes that an instance does not run any more.
func (s *Store) Leave(ctx context.Context, instance string) error {
	return s.writingFirst(ctx, "note that the instance has ended", func(ctx context.Context, c *conn) error {
		_, err := c.exec(ctx, "DELETE FROM instances WHERE id = ?", instance)
		return err
	})
}

// Remaining counts the records that are stored under the name of an entity, deleted
// ones too, whether or not a model has it.
func (s *Store) Remaining(ctx context.Context, entity string) (n int64, err error) {
	err = s.reading(ctx, "count what is left of "+entity, func(c *conn) error {
		name := "entity_" + snake(entity)
		found, err := c.row(ctx, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", []any{name}, new(int))
		if err != nil || !found {
			return err
		}
		_, err = c.row(ctx, "SELECT count(*) FROM "+quoted(name), nil, &n)
		return err
	})
	return n, err
}
