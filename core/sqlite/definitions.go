package sqlite

import (
	"context"
	"encoding/json"

	"github.com/openxrm/xrm/core"
)

// definitionsTable holds one row. A program that does not know it loses nothing by
// that, so it is no step of the layout, and is made whenever it is missing.
const definitionsTable = `CREATE TABLE IF NOT EXISTS definitions (
	name     TEXT PRIMARY KEY,
	document TEXT NOT NULL
) STRICT`

// Definitions returns those that were kept last.
func (s *Store) Definitions(ctx context.Context) (d core.Definitions, err error) {
	err = s.reading(ctx, "read the definitions that were served last", func(c *conn) (err error) {
		d, err = c.definitions(ctx)
		return err
	})
	return d, err
}

func (c *conn) definitions(ctx context.Context) (d core.Definitions, err error) {
	var document string
	found, err := c.row(ctx, "SELECT document FROM definitions WHERE name = 'served'", nil, &document)
	if err != nil || !found {
		return d, err
	}
	return d, json.Unmarshal([]byte(document), &d)
}

// KeepDefinitions puts what next makes of those that are kept in their place.
func (s *Store) KeepDefinitions(ctx context.Context, next func(core.Definitions) core.Definitions) error {
	return s.writing(ctx, "keep the definitions that are served", durable, func(ctx context.Context, c *conn) error {
		kept, err := c.definitions(ctx)
		if err != nil {
			return err
		}
		return c.keepDefinitions(ctx, next(kept))
	})
}

func (c *conn) keepDefinitions(ctx context.Context, d core.Definitions) error {
	document, err := json.Marshal(d)
	if err == nil {
		_, err = c.exec(ctx, "INSERT INTO definitions (name, document) VALUES ('served', ?) ON CONFLICT (name) DO UPDATE SET document = excluded.document", string(document))
	}
	return err
}
