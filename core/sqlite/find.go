package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// columns are what scan reads. A document of which nothing is wanted stays where
// it is, however long.
func columns(q core.Query) string {
	const system, doc, none = "t.id, t.version, t.created_at, t.created_by, t.updated_at, t.updated_by, t.deleted_at, ", "t.doc", "'{}'"
	if reads := q.Reads(); reads != nil && len(reads) == 0 {
		return system + none
	}
	return system + doc
}

// Find returns the records that a query selects, in its order. A page is read
// by a plan that does not grow with the data; whatever is asked for without an
// end SQLite may find as it likes.
func (s *Store) Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	t, err := s.table(e)
	if err != nil || q.First == 0 {
		return nil, err
	}
	var records []*core.Record
	q = t.stretched(q)
	err = s.finding(ctx, q, "find "+t.entity.Plural, func(ctx context.Context, c *conn) error {
		p := &planner{Store: s, conn: c, table: t, query: q, columns: columns(q), reads: newSelection(q.Reads())}
		switch {
		case q.First > 0 && q.Per != nil:
			records, err = p.pages(ctx)
			return err
		case q.First > 0:
			records, err = p.page(ctx)
			return err
		}
		text, args, err := t.find(q, s.outlook(ctx, c))
		if err != nil {
			return err
		}
		records, err = p.read(ctx, text, args)
		return err
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

// find translates a query that has no end.
func (t *table) find(q core.Query, view outlook) (string, []any, error) {
	s := &statement{table: t, outlook: view, manyFrom: commonFrom}
	base := s.conditions(q)
	if q.Per != nil {
		base = append(base, s.ofAny(q.Per))
	}
	var texts []string
	for _, p := range s.after(t.sortKeys(q), q.After) {
		texts = append(texts, "SELECT "+columns(q)+" FROM "+t.name+" AS t"+whereAll(base, p.condition)+orderBy(p.keys))
	}
	if len(texts) == 1 {
		return texts[0], s.args, s.err
	}
	return "SELECT * FROM (" + strings.Join(texts, ") UNION ALL SELECT * FROM (") + ")", s.args, s.err
}

func (s *statement) limit(first int) string {
	if first < 0 {
		return ""
	}
	return " LIMIT " + s.arg(first)
}

// conditions are those that have nothing to do with a page.
func (s *statement) conditions(q core.Query) []string {
	var all []string
	if !q.Deleted {
		all = append(all, "t.deleted_at IS NULL")
	}
	if !q.Filter.IsZero() {
		all = append(all, s.where(q.Filter, s.records()))
	}
	return append(all, s.search(q.Search)...)
}

func whereAll(conditions []string, more ...string) string {
	var all []string
	for _, c := range append(conditions[:len(conditions):len(conditions)], more...) {
		if c != "" {
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(all, " AND ")
}

// scan reads a record, and says about how many bytes it holds in memory.
func (t *table) scan(rows *sql.Rows, reads selection) (r *core.Record, held int64, err error) {
	r = &core.Record{Entity: t.entity.Name, Partial: reads != nil}
	var created, updated, doc string
	var deleted sql.NullString
	err = rows.Scan(&r.ID, &r.Version, &created, &r.CreatedBy, &updated, &r.UpdatedBy, &deleted, &doc)
	if err != nil {
		return nil, 0, err
	}
	var errs [4]error
	r.CreatedAt, errs[0] = parseInstant(created)
	r.UpdatedAt, errs[1] = parseInstant(updated)
	if deleted.Valid {
		r.DeletedAt, errs[2] = parseInstant(deleted.String)
	}
	r.Values, errs[3] = decodeSelected(doc, reads)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, 0, fmt.Errorf("read %s %s: %w", t.entity.Name, r.ID, err)
	}
	if len(doc) <= shortDocument {
		return r, core.BytesPerRecord + 3*int64(len(doc)), nil // which is about what Size would find, and quicker
	}
	return r, r.Size(), nil
}

// parseInstant reads what schema.Instant has written, for which the time
// package has a faster way than for a layout of one's own.
func parseInstant(text string) (time.Time, error) { return time.Parse(time.RFC3339Nano, text) }
