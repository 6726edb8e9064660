package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// History returns the entries of one record, latest first: at most first of
// them (a negative first is no limit) with versions below before.
func (s *Store) History(ctx context.Context, e *schema.Entity, id string, first int, before int64) ([]core.Entry, error) {
	text := "SELECT entity, record, version, entry FROM journal WHERE entity = ? AND record = ? AND (? = 0 OR version < ?) ORDER BY version DESC LIMIT ?"
	return s.entries(ctx, "read the history", text, e.Stored().Name, id, before, before, first)
}

// Pending returns entries that were not settled yet, in the order in which
// they were committed.
func (s *Store) Pending(ctx context.Context, limit int) ([]core.Entry, error) {
	return s.entries(ctx, "read the pending entries", "SELECT entity, record, version, entry FROM journal WHERE pending = 1 ORDER BY seq LIMIT ?", limit)
}

func (s *Store) entries(ctx context.Context, what, text string, args ...any) ([]core.Entry, error) {
	var entries []core.Entry
	err := s.reading(ctx, what, func(c *conn) error {
		return c.query(ctx, text, args, func(rows *sql.Rows) error {
			var e core.Entry
			var document string
			err := rows.Scan(&e.Entity, &e.RecordID, &e.Version, &document)
			if err == nil {
				err = decodeEntry(document, &e)
			}
			entries = append(entries, e)
			return err
		})
	})
	return entries, err
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

// encodeEntry writes what the columns do not hold.
func encodeEntry(e core.Entry) (string, error) {
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
	return encode(map[string]any{
		"action": string(e.Action), "at": schema.Instant(e.At), "diffs": diffs,
		"actor": map[string]any{"id": e.Actor.ID, "name": e.Actor.Name, "roles": list(e.Actor.Roles), "party": e.Actor.Party, "via": e.Actor.Via},
	})
}

func decodeEntry(document string, e *core.Entry) error {
	values, err := decodeObject(document)
	if err != nil {
		return fmt.Errorf("read the journal at version %d of %s %s: %w", e.Version, e.Entity, e.RecordID, err)
	}
	at := func(path string) string { return text(schema.Lookup(values, path)) }
	e.Action = core.Action(at("action"))
	e.Actor = core.Actor{ID: at("actor.id"), Name: at("actor.name"), Roles: texts(schema.Lookup(values, "actor.roles")), Party: at("actor.party"), Via: at("actor.via")}
	diffs, _ := values["diffs"].([]any)
	for _, diff := range diffs {
		d, _ := diff.(map[string]any)
		e.Diffs = append(e.Diffs, core.Diff{Path: text(d["path"]), From: d["from"], To: d["to"]})
	}
	e.At, err = time.Parse(schema.InstantFormat, at("at"))
	return err
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
