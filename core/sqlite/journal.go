package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/schema"
)

// History returns the entries of one record, latest first: at most first of
// them (a negative first is no limit) with versions below before.
func (s *Store) History(ctx context.Context, e *schema.Entity, id string, first int, before int64) ([]core.Entry, error) {
	text := "SELECT seq, entity, record, version, entry FROM journal WHERE entity = ? AND record = ? AND (? = 0 OR version < ?) ORDER BY version DESC LIMIT ?"
	entries, _, err := s.entries(ctx, "read the history", text, e.Stored().Name, id, before, before, first)
	return entries, err
}

// Pending goes through the entries that were not settled yet when it began, in the
// order in which they were committed and at most limit of them at a time.
func (s *Store) Pending(ctx context.Context, limit int) iter.Seq2[[]core.Entry, error] {
	const what = "read the pending entries"
	return func(yield func([]core.Entry, error) bool) {
		var after, end int64
		err := s.reading(ctx, what, func(c *conn) error {
			_, err := c.row(ctx, "SELECT coalesce(max(seq), 0) FROM journal WHERE pending = 1", nil, &end)
			return err
		})
		for err == nil && after < end {
			var entries []core.Entry
			entries, after, err = s.entries(ctx, what, "SELECT seq, entity, record, version, entry FROM journal WHERE pending = 1 AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?", after, end, limit)
			if len(entries) == 0 || err == nil && !yield(entries, nil) {
				break
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// entries also returns the last one's row.
func (s *Store) entries(ctx context.Context, what, text string, args ...any) (entries []core.Entry, last int64, err error) {
	request := budget.From(ctx)
	err = s.reading(ctx, what, func(c *conn) error {
		return c.query(ctx, text, args, func(rows *sql.Rows) error {
			var e core.Entry
			var document string
			err := rows.Scan(&last, &e.Entity, &e.RecordID, &e.Version, &document)
			if err == nil {
				err = decodeEntry(document, &e)
			}
			if err == nil {
				err = request.Take(core.BytesPerRecord + 2*int64(len(document)))
			}
			entries = append(entries, e)
			return err
		})
	})
	return entries, last, err
}

// Append sees to it that the journal has these entries. Those of our own
// commits it has from the beginning, so that there is nothing to write of them.
func (s *Store) Append(ctx context.Context, entries []core.Entry) error {
	const absent = "SELECT asked.key FROM json_each(?) AS asked WHERE NOT EXISTS (SELECT 1 FROM journal WHERE " + isAsked + ") ORDER BY asked.key"
	entries, err := s.among(ctx, "look for entries in the journal", absent, entries)
	if err != nil || len(entries) == 0 {
		return err
	}
	return s.writing(ctx, "write the journal", soon, func(ctx context.Context, c *conn) error {
		for _, e := range entries {
			document, err := encodeEntry(e)
			if err != nil {
				return err
			}
			_, err = c.exec(ctx, "INSERT OR IGNORE INTO journal (entity, record, version, pending, entry) VALUES (?, ?, ?, 0, ?)", e.Entity, e.RecordID, e.Version, document)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Settle takes the mark from these entries that they are pending. It need not wait
// for the disk: what a loss of power undoes is done again, because it is still
// pending then. The same holds of what Append writes.
func (s *Store) Settle(ctx context.Context, entries []core.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	asked, err := asking(entries)
	if err != nil {
		return err
	}
	return s.writing(ctx, "settle the journal", soon, func(ctx context.Context, c *conn) error {
		const theirs = "SELECT seq FROM json_each(?) AS asked CROSS JOIN journal WHERE " + isAsked
		_, err := c.exec(ctx, "UPDATE journal SET pending = 0 WHERE pending = 1 AND seq IN ("+theirs+")", asked)
		return err
	})
}

// Missing returns those of the entries that are pending: the mark is what
// tells that Append and Settle did not have their turn yet.
func (s *Store) Missing(ctx context.Context, entries []core.Entry) ([]core.Entry, error) {
	const pending = "SELECT asked.key FROM json_each(?) AS asked CROSS JOIN journal WHERE " + isAsked + " AND pending = 1 ORDER BY asked.key"
	return s.among(ctx, "look for entries in the journal", pending, entries)
}

// isAsked tells the entry that asking has named.
const isAsked = "entity = asked.value ->> 0 AND record = asked.value ->> 1 AND version = asked.value ->> 2"

// asking names entries as JSON, [[entity, record, version], ...].
func asking(entries []core.Entry) (string, error) {
	list := make([]any, len(entries))
	for i, e := range entries {
		list[i] = []any{e.Entity, e.RecordID, e.Version}
	}
	return encode(list)
}

// among returns those of the entries whose places the query selects.
func (s *Store) among(ctx context.Context, what, query string, entries []core.Entry) (found []core.Entry, err error) {
	asked, err := asking(entries)
	if err != nil {
		return nil, err
	}
	err = s.reading(ctx, what, func(c *conn) error {
		return c.query(ctx, query, []any{asked}, func(rows *sql.Rows) error {
			var i int
			err := rows.Scan(&i)
			found = append(found, entries[i])
			return err
		})
	})
	return found, err
}

// encodeEntry writes what the columns do not hold.
func encodeEntry(e core.Entry) (string, error) { return encode(entryObject(e)) }

func entryObject(e core.Entry) map[string]any {
	diffs := make([]any, len(e.Diffs))
	for i, d := range e.Diffs {
		diff := map[string]any{"path": d.Path}
		if d.From != nil {
			diff["from"] = d.From
		}
		if d.To != nil {
			diff["to"] = d.To
		}
		diffs[i] = diff
	}
	object := map[string]any{"action": string(e.Action), "at": schema.Instant(e.At), "diffs": diffs, "actor": actorObject(e.Actor)}
	if len(e.Roles) > 0 {
		object["roles"] = list(e.Roles)
	}
	return object
}

func actorObject(a core.Actor) map[string]any {
	return map[string]any{"id": a.ID, "name": a.Name, "roles": list(a.Roles), "party": a.Party, "via": a.Via}
}

func decodeEntry(document string, e *core.Entry) error {
	values, err := decodeObject(document)
	if err != nil {
		return fmt.Errorf("read the journal at version %d of %s %s: %w", e.Version, e.Entity, e.RecordID, err)
	}
	return readEntry(values, e)
}

// readEntry reads what entryObject wrote.
func readEntry(values map[string]any, e *core.Entry) (err error) {
	e.Action, e.Actor, e.Roles = core.Action(text(values["action"])), readActor(values), texts(values["roles"])
	diffs, _ := values["diffs"].([]any)
	for _, diff := range diffs {
		d, _ := diff.(map[string]any)
		e.Diffs = append(e.Diffs, core.Diff{Path: text(d["path"]), From: d["from"], To: d["to"]})
	}
	e.At, err = time.Parse(schema.InstantFormat, text(values["at"]))
	return err
}

func readActor(values map[string]any) core.Actor {
	at := func(path string) string { return text(schema.Lookup(values, path)) }
	return core.Actor{ID: at("actor.id"), Name: at("actor.name"), Roles: texts(schema.Lookup(values, "actor.roles")), Party: at("actor.party"), Via: at("actor.via")}
}

// text is a value that is a text, or "".
func text(value any) string {
	s, _ := value.(string)
	return s
}

func texts(value any) []string {
	items, _ := value.([]any)
	var all []string
	for _, item := range items {
		all = append(all, text(item))
	}
	return all
}

func list(texts []string) []any {
	items := make([]any, len(texts))
	for i, s := range texts {
		items[i] = s
	}
	return items
}
