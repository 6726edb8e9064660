package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// keySets say which sort keys the records of an entity have.
const keySets = `
CREATE TABLE key_sets (
	entity    TEXT PRIMARY KEY,
	signature TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`

// addKeys makes room for the sort keys of records. A program that does not know
// them would let them stay those of former values.
func addKeys(ctx context.Context, c *conn) error {
	entities, err := c.names(ctx, "SELECT name FROM entities")
	if err != nil {
		return err
	}
	for _, name := range entities {
		if _, err := c.ExecContext(ctx, addKeyColumn(name)); err != nil {
			return fmt.Errorf("add the sort keys of %s: %w", name, err)
		}
	}
	return c.run(ctx, keySets)
}

func addKeyColumn(entity string) string {
	return "ALTER TABLE " + quoted("entity_"+snake(entity)) + " ADD COLUMN sort_keys TEXT"
}

// collates says whether there are sort keys of what is at a path.
func (t *table) collates(path string) bool {
	_, found := slices.BinarySearch(t.collated, path)
	return found
}

// keysOf are the sort keys of a record: by storage path, as JSON.
func (t *table) keysOf(values map[string]any) sql.NullString {
	keys := map[string]any{}
	for _, path := range t.collated {
		if text, isText := schema.Lookup(values, path).(string); isText {
			keys[path] = t.collation.Key(text)
		}
	}
	text, _ := encode(keys) // keys are plain texts
	return sql.NullString{String: text, Valid: len(keys) > 0}
}

func (t *table) putKeys(ctx context.Context, c *conn, seq int64, keys sql.NullString) error {
	_, err := c.exec(ctx, "UPDATE "+t.name+" SET sort_keys = ? WHERE seq = ?", keys, seq)
	return err
}

// signature is what all sort keys of the table depend on besides the values.
func (t *table) signature() string { return t.collation.Name() + ": " + strings.Join(t.collated, " ") }

// makeKeys makes the sort keys of all records anew, unless they are of this
// collation and for these paths. What is in their place among the indexes goes
// before, and is made again when the keys are whole.
func (t *table) makeKeys(ctx context.Context, c *conn, exists map[string]bool) error {
	var made string
	if _, err := c.row(ctx, "SELECT signature FROM key_sets WHERE entity = ?", []any{t.entity.Name}, &made); err != nil || made == t.signature() {
		return err
	}
	for name := range exists {
		if !strings.HasPrefix(name, strings.Trim(t.name, `"`)+" ") || !strings.Contains(name, keyMark) {
			continue
		}
		if _, err := c.ExecContext(ctx, "DROP INDEX "+quoted(name)); err != nil {
			return fmt.Errorf("drop the index %q: %w", name, err)
		}
		delete(exists, name)
	}
	err := t.eachRow(ctx, c, func(seq int64, values map[string]any) error { return t.putKeys(ctx, c, seq, t.keysOf(values)) })
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, "INSERT INTO key_sets (entity, signature) VALUES (?, ?) ON CONFLICT (entity) DO UPDATE SET signature = excluded.signature",
		t.entity.Name, t.signature())
	return err
}

// sortedBy are the sort keys of the table's records.
func (t *table) sortedBy() schema.SortKeys {
	return schema.SortKeys{By: t.collation, At: func(path string, _ schema.Op) (string, bool) {
		if !t.collates(path) {
			return "", false
		}
		return keyMark + path, !t.has(t.uniquePrefix() + " " + path)
	}}
}

// stretched adds to a query what its sort keys say of what it looks for.
func (t *table) stretched(q core.Query) core.Query {
	order := ""
	if len(q.OrderBy) > 0 {
		order = q.OrderBy[0].Path
	}
	q.Filter = t.sortedBy().Filter(q.Filter, order)
	return q
}

// keyed is stretched for a filter alone.
func (t *table) keyed(f schema.Filter) schema.Filter { return t.sortedBy().Filter(f, "") }
