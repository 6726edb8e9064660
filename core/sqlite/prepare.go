package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"maps"

	"github.com/openxrm/xrm/schema"
)

// terms are made anew for this many records at a time.
const refillBatch = 500

// Prepare makes what is missing for the stored entities of a model, in one
// transaction, and drops the rules that its fields have given up. Records and
// indexes of what the model does not have (any more) are left alone. A field
// that becomes unique although records share a value is a Conflict that names
// the value.
func (s *Store) Prepare(ctx context.Context, m *schema.Model) error {
	tables, old := map[string]*table{}, s.tables.Load()
	err := s.writing(ctx, "prepare the tables", durable, func(ctx context.Context, c *conn) error {
		if old = s.tables.Load(); old != nil {
			maps.Copy(tables, *old)
		}
		exists := map[string]bool{}
		names, err := c.names(ctx, "SELECT name FROM sqlite_schema")
		if err != nil {
			return err
		}
		for _, name := range names {
			exists[name] = true
		}
		for _, e := range m.Stored() {
			t := newTable(e, m.Roles(e), s.collation)
			if err := t.create(ctx, c, exists); err != nil {
				return err
			}
			tables[e.Name] = t
		}
		if err := s.layOthers(ctx, c, tables); err != nil {
			return err
		}
		// Set before the next writer begins: it must know what to keep up.
		s.tables.Store(&tables)
		return nil
	})
	if err != nil {
		s.tables.CompareAndSwap(&tables, old)
	}
	return err
}

// Assume takes the tables for those of a model that another process has prepared. It
// writes nothing, and is for who only reads.
func (s *Store) Assume(m *schema.Model) {
	tables := map[string]*table{}
	for _, e := range m.Stored() {
		tables[e.Name] = newTable(e, m.Roles(e), s.collation)
	}
	s.tables.Store(&tables)
}

// layOthers adds the tables that lie there and that no model has any more: what is in
// them may be asked for, and nobody keeps up what makes that quick.
func (s *Store) layOthers(ctx context.Context, c *conn, tables map[string]*table) error {
	names, err := c.names(ctx, "SELECT name FROM entities")
	for _, name := range names {
		if tables[name] == nil {
			tables[name] = newTable(&schema.Entity{Name: name, Plural: name + "s"}, nil, s.collation)
		}
	}
	return err
}

func (t *table) create(ctx context.Context, c *conn, exists map[string]bool) error {
	if !exists["entity_"+snake(t.entity.Name)] {
		if err := c.createTables(ctx, t.entity.Name); err != nil {
			return err
		}
	}
	if err := t.dropRules(ctx, c, exists); err != nil {
		return err
	}
	if err := t.makeKeys(ctx, c, exists); err != nil {
		return err
	}
	if err := t.createIndexes(ctx, c, exists); err != nil {
		return err
	}
	return t.refill(ctx, c)
}

// createTables makes what the records of an entity need, whatever its fields are.
func (c *conn) createTables(ctx context.Context, entity string) error {
	t := newTable(&schema.Entity{Name: entity}, nil, nil)
	for _, statement := range []string{
		fmt.Sprintf(`CREATE TABLE %s (
	seq        INTEGER PRIMARY KEY,
	id         TEXT NOT NULL UNIQUE,
	version    INTEGER NOT NULL,
	created_at TEXT NOT NULL,
	created_by TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	updated_by TEXT NOT NULL,
	deleted_at TEXT,
	doc        TEXT NOT NULL
) STRICT`, t.name),
		addKeyColumn(entity),
		fmt.Sprintf(`CREATE TABLE %s (
	path  TEXT NOT NULL,
	value ANY NOT NULL,
	seq   INTEGER NOT NULL,
	PRIMARY KEY (path, value, seq)
) STRICT, WITHOUT ROWID`, t.terms),
	} {
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("create the tables of %s: %w", entity, err)
		}
	}
	_, err := c.exec(ctx, "INSERT INTO entities (name) VALUES (?)", entity)
	return err
}

// refill makes the terms of paths that are new, or whose meaning has changed,
// and drops those of paths that are no more: from now on nobody would keep
// them up.
func (t *table) refill(ctx context.Context, c *conn) error {
	stored := map[string]string{}
	err := c.query(ctx, "SELECT path, signature FROM term_sets WHERE entity = ?", []any{t.entity.Name}, func(rows *sql.Rows) error {
		var path, signature string
		err := rows.Scan(&path, &signature)
		stored[path] = signature
		return err
	})
	if err != nil {
		return err
	}
	var stale []termSet
	for _, set := range t.sets {
		signature, exists := stored[set.path]
		delete(stored, set.path)
		if exists && signature == set.signature {
			continue
		}
		stale = append(stale, set)
		stored[set.path] = ""
	}
	for path := range stored {
		if _, err := c.exec(ctx, "DELETE FROM term_sets WHERE entity = ? AND path = ?", t.entity.Name, path); err != nil {
			return err
		}
		if _, err := c.exec(ctx, "DELETE FROM "+t.terms+" WHERE path = ?", path); err != nil {
			return err
		}
	}
	if len(stale) == 0 {
		return nil
	}
	for _, set := range stale {
		if _, err := c.exec(ctx, "INSERT INTO term_sets (entity, path, signature) VALUES (?, ?, ?)", t.entity.Name, set.path, set.signature); err != nil {
			return err
		}
	}
	return t.addTerms(ctx, c, stale)
}

// addTerms adds the terms of the sets for all records.
func (t *table) addTerms(ctx context.Context, c *conn, sets []termSet) error {
	return t.eachRow(ctx, c, func(seq int64, values map[string]any) error {
		return t.putTerms(ctx, c, seq, nil, t.termsOf(sets, values))
	})
}

// eachRow visits the values of all records, so many at a time.
func (t *table) eachRow(ctx context.Context, c *conn, visit func(seq int64, values map[string]any) error) error {
	type row struct {
		seq int64
		doc string
	}
	for last := int64(0); ; {
		var batch []row
		err := c.query(ctx, "SELECT seq, doc FROM "+t.name+" WHERE seq > ? ORDER BY seq LIMIT ?", []any{last, refillBatch}, func(rows *sql.Rows) error {
			var r row
			err := rows.Scan(&r.seq, &r.doc)
			batch = append(batch, r)
			return err
		})
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, r := range batch {
			values, err := decodeObject(r.doc)
			if err != nil {
				return fmt.Errorf("read record %d of %s: %w", r.seq, t.entity.Name, err)
			}
			if err := visit(r.seq, values); err != nil {
				return err
			}
			last = r.seq
		}
	}
}
