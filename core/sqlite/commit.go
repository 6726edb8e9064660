package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/schema"
	sqlite3 "modernc.org/sqlite/lib"
)

// write is a change, encoded before its turn to be written has come.
type write struct {
	change core.Change
	after  *core.Record
	doc    string
	keys   sql.NullString // of the table that the change was encoded for
	table  *table
	entry  string
}

// RowsAtOnce is how many changes one transaction has at most: as long as they
// take, others wait.
const RowsAtOnce = 100

// Commit writes each change with its entry, all of it or nothing, and many
// changes in several transactions, between which others have their turn. A change
// that is refused leaves the others alone; an error of the database undoes those
// of its transaction.
func (s *Store) Commit(ctx context.Context, e *schema.Entity, changes []core.Change) []error {
	errs := make([]error, len(changes))
	writes := make([]write, len(changes))
	t, err := s.table(e)
	for i, c := range changes {
		if errs[i] = err; err == nil {
			writes[i], errs[i] = t.encodeChange(c)
		}
	}
	for from := 0; from < len(changes); from += RowsAtOnce {
		to := min(from+RowsAtOnce, len(changes))
		s.commit(ctx, e, from > 0, writes[from:to], errs[from:to])
	}
	return errs
}

// commit makes those changes in one transaction that have no error yet.
func (s *Store) commit(ctx context.Context, e *schema.Entity, rest bool, writes []write, errs []error) {
	err := s.inTurn(ctx, fairqueue.Ask{Cost: len(writes), Rest: rest}, "save "+e.Stored().Plural, durable, func(ctx context.Context, c *conn) error {
		t, err := s.table(e) // now that no other model can come in between
		if err != nil {
			return err
		}
		for i, w := range writes {
			if errs[i] != nil {
				continue
			}
			err := s.writeOnce(ctx, c, t, w)
			if core.CodeOf(err) == core.Conflict {
				errs[i] = err
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
	}
}

// writeOnce makes one change under all its conditions, and keeps its key.
func (s *Store) writeOnce(ctx context.Context, c *conn, t *table, w write) error {
	if err := c.unused(ctx, w.change.Once); err != nil {
		return err
	}
	if err := s.holds(ctx, c, w.change); err != nil {
		return err
	}
	if err := t.write(ctx, c, w); err != nil {
		return err
	}
	return c.keepKey(ctx, w.change.Once)
}

func (t *table) encodeChange(c core.Change) (write, error) {
	if err := c.Whole(); err != nil {
		return write{}, err
	}
	doc, err := encode(c.After.Values)
	if err != nil {
		return write{}, fmt.Errorf("save %s %s: %w", c.After.Entity, c.After.ID, err)
	}
	entry, err := encodeEntry(c.Entry(t.entity))
	if err != nil {
		return write{}, fmt.Errorf("save %s %s: %w", c.After.Entity, c.After.ID, err)
	}
	return write{change: c, after: c.After, doc: doc, keys: t.keysOf(c.After.Values), table: t, entry: entry}, nil
}

// write makes one change. When it is refused, nothing has been written.
func (t *table) write(ctx context.Context, c *conn, w write) error {
	if w.table != t { // another model came in between
		w.keys = t.keysOf(w.after.Values)
	}
	seq, before, err := t.writeRow(ctx, c, w)
	if err != nil {
		return err
	}
	if len(t.sets) > 0 {
		if err := t.putTerms(ctx, c, seq, before, t.termsOf(t.sets, w.after.Values)); err != nil {
			return err
		}
	}
	_, err = c.exec(ctx, "INSERT INTO journal (entity, record, version, pending, entry) VALUES (?, ?, ?, 1, ?)",
		t.entity.Name, w.after.ID, w.after.Version, w.entry)
	return err
}

// writeRow returns the row's number and the terms that it had.
func (t *table) writeRow(ctx context.Context, c *conn, w write) (seq int64, before map[term]bool, err error) {
	if w.change.Before == nil {
		seq, err = t.insert(ctx, c, w)
		return seq, nil, err
	}
	var doc string
	var keys sql.NullString
	found, err := c.row(ctx, "SELECT seq, doc, sort_keys FROM "+t.name+" WHERE id = ? AND version = ?", []any{w.after.ID, w.change.Before.Version}, &seq, &doc, &keys)
	if err != nil {
		return 0, nil, err
	}
	if !found {
		return 0, nil, stale()
	}
	// The terms are those of the stored values: Before is only what a caller says.
	values, err := decodeObject(doc)
	if err != nil {
		return 0, nil, fmt.Errorf("read %s %s: %w", t.entity.Name, w.after.ID, err)
	}
	r := w.after
	_, err = c.exec(ctx, "UPDATE "+t.name+" SET version = ?, created_at = ?, created_by = ?, updated_at = ?, updated_by = ?, deleted_at = ?, doc = ? WHERE seq = ?",
		r.Version, schema.Instant(r.CreatedAt), r.CreatedBy, schema.Instant(r.UpdatedAt), r.UpdatedBy, deletedAt(r), w.doc, seq)
	if err == nil && keys != w.keys { // or their indexes would be written for nothing
		err = t.putKeys(ctx, c, seq, w.keys)
	}
	return seq, t.termsOf(t.sets, values), t.refusal(err)
}

func (t *table) insert(ctx context.Context, c *conn, w write) (int64, error) {
	r := w.after
	result, err := c.exec(ctx, "INSERT INTO "+t.name+" (id, version, created_at, created_by, updated_at, updated_by, deleted_at, doc, sort_keys) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.Version, schema.Instant(r.CreatedAt), r.CreatedBy, schema.Instant(r.UpdatedAt), r.UpdatedBy, deletedAt(r), w.doc, w.keys)
	if err == nil {
		return result.LastInsertId()
	}
	if isTaken(err) {
		// Of several indexes that refuse a row SQLite names any: the id comes first.
		var seq int64
		exists, err := c.row(ctx, "SELECT seq FROM "+t.name+" WHERE id = ?", []any{r.ID}, &seq)
		switch {
		case err != nil:
			return 0, err
		case exists:
			return 0, stale()
		}
	}
	return 0, t.refusal(err)
}

func deletedAt(r *core.Record) sql.NullString {
	return sql.NullString{String: schema.Instant(r.DeletedAt), Valid: r.Deleted()}
}

func isTaken(err error) bool { return codeOf(err) == sqlite3.SQLITE_CONSTRAINT_UNIQUE }

// refusal turns the error of a unique index into a Conflict that names the
// field. SQLite names the index: UNIQUE constraint failed: index 'entity_party unique email'.
func (t *table) refusal(err error) error {
	if !isTaken(err) {
		return err
	}
	_, index, found := strings.Cut(err.Error(), "index '")
	index, _, _ = strings.Cut(index, "'")
	if path, unique := t.uniquePath(index); found && unique {
		return taken(path)
	}
	return err
}

// putTerms brings the terms of a row from those before to those after.
func (t *table) putTerms(ctx context.Context, c *conn, seq int64, before, after map[term]bool) error {
	const each = "SELECT value ->> 0, value ->> 1, ? FROM json_each(?)"
	if gone := missing(before, after); gone != "" {
		if _, err := c.exec(ctx, "DELETE FROM "+t.terms+" WHERE (path, value, seq) IN ("+each+")", seq, gone); err != nil {
			return err
		}
	}
	if added := missing(after, before); added != "" {
		if _, err := c.exec(ctx, "INSERT OR IGNORE INTO "+t.terms+" (path, value, seq) "+each, seq, added); err != nil {
			return err
		}
	}
	return nil
}
