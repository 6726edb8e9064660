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
// commits it has from the beginning.
func (s *Store) Append(ctx context.Context, entries []core.Entry) error {
	return s.eachEntry(ctx, "write the journal", entries, func(ctx context.Context, c *conn, e core.Entry) error {
		document, err := encodeEntry(e)
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, "INSERT OR IGNORE INTO journal (entity, record, version, pending, entry) VALUES (?, ?, ?, 0, ?)", e.Entity, e.RecordID, e.Version, document)
		return err
	})
}

// Settle takes the mark from these entries that they are pending.
func (s *Store) Settle(ctx context.Context, entries []core.Entry) error {
	return s.eachEntry(ctx, "settle the journal", entries, func(ctx context.Context, c *conn, e core.Entry) error {
		_, err := c.exec(ctx, "UPDATE journal SET pending = 0 WHERE entity = ? AND record = ? AND version = ? AND pending = 1", e.Entity, e.RecordID, e.Version)
		return err
	})
}

// eachEntry need not wait for the disk: what is undone by a loss of power is
// done again, because it is still pending then.
func (s *Store) eachEntry(ctx context.Context, what string, entries []core.Entry, f func(context.Context, *conn, core.Entry) error) error {
	if len(entries) == 0 {
		return nil
	}
	return s.writing(ctx, what, soon, func(ctx context.Context, c *conn) error {
		for _, e := range entries {
			if err := f(ctx, c, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Missing returns those of the entries that are pending: the mark is what
// tells that Append and Settle did not have their turn yet.
func (s *Store) Missing(ctx context.Context, entries []core.Entry) ([]core.Entry, error) {
	asked := make([]any, len(entries))
	for i, e := range entries {
		asked[i] = []any{e.Entity, e.RecordID, e.Version}
	}
	document, err := encode(asked)
	if err != nil {
		return nil, err
	}
	var missing []core.Entry
	err = s.reading(ctx, "look for entries in the journal", func(c *conn) error {
		const text = "SELECT asked.key FROM json_each(?) AS asked CROSS JOIN journal WHERE entity = asked.value ->> 0 AND record = asked.value ->> 1 AND version = asked.value ->> 2 AND pending = 1 ORDER BY asked.key"
		return c.query(ctx, text, []any{document}, func(rows *sql.Rows) error {
			var i int
			err := rows.Scan(&i)
			missing = append(missing, entries[i])
			return err
		})
	})
	return missing, err
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
