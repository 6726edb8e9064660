package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Holdings counts what is there of each kind that a backup has, but for definitions and
// for what jobs of the core note about the rest.
func (s *Store) Holdings(ctx context.Context) (holdings map[core.ItemKind]int64, err error) {
	err = s.reading(ctx, "see what the database has", func(c *conn) error {
		holdings, err = c.holdings(ctx)
		return err
	})
	return holdings, err
}

func (c *conn) holdings(ctx context.Context) (map[core.ItemKind]int64, error) {
	holdings := map[core.ItemKind]int64{}
	tables := map[string]core.ItemKind{}
	for name, kept := range keeping() {
		if kept.kind != "" && kept.kind != core.DefinitionsItem {
			tables[name] = kept.kind
		}
	}
	entities, err := c.names(ctx, "SELECT name FROM entities")
	if err != nil {
		return nil, err
	}
	for _, entity := range entities {
		tables["entity_"+snake(entity)] = core.RecordItem
	}
	for name, kind := range tables {
		var n int64
		if _, err := c.row(ctx, "SELECT count(*) FROM "+quoted(name)+ofOthers(kind), nil, &n); err != nil {
			return nil, err
		}
		if n > 0 {
			holdings[kind] += n
		}
	}
	return holdings, nil
}

// ofOthers leaves out what jobs of the core note.
func ofOthers(kind core.ItemKind) string {
	if kind == core.StateItem || kind == core.JobRunItem {
		return " WHERE plugin NOT LIKE '" + core.OwnPrefix + "%'"
	}
	return ""
}

// Restore fills an empty database in one transaction: when fill fails or the process
// dies, nothing was written. Afterwards the database is prepared for the model.
func (s *Store) Restore(ctx context.Context, m *schema.Model, fill func(put func(context.Context, []core.Item) error) error) error {
	err := s.writing(ctx, "restore the database", durable, func(ctx context.Context, c *conn) error {
		holdings, err := c.holdings(ctx) // now that nobody else writes
		if err != nil {
			return err
		}
		if len(holdings) > 0 {
			return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The database is not empty any more: somebody has written a %s. Nothing was restored.", slices.Sorted(maps.Keys(holdings))[0])}
		}
		if err := c.dropEntities(ctx); err != nil {
			return err
		}
		for _, of := range []string{"definitions", "plugin_state", "job_runs"} { // those of a first start
			if _, err := c.exec(ctx, "DELETE FROM "+of); err != nil {
				return err
			}
		}
		if err := s.contents.clear(); err != nil { // of an attempt that was cut off: no record has any
			return err
		}
		r := restoring{c, s.contents, map[string]bool{}}
		if err := fill(func(_ context.Context, items []core.Item) error { return r.put(ctx, items) }); err != nil {
			return errors.Join(err, s.contents.clear()) // which the transaction does not take back
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.Prepare(ctx, m)
}

// dropEntities drops the tables of entities, which are empty: with them their indexes,
// which what is restored may fit only as a whole, and the notes of which terms and sort keys there are.
func (c *conn) dropEntities(ctx context.Context) error {
	entities, err := c.names(ctx, "SELECT name FROM entities")
	if err != nil {
		return err
	}
	for _, entity := range entities {
		t := newTable(&schema.Entity{Name: entity}, nil, nil)
		for _, name := range []string{t.name, t.terms} {
			if _, err := c.ExecContext(ctx, "DROP TABLE "+name); err != nil {
				return err
			}
		}
	}
	for _, noted := range []string{"entities", "term_sets", "key_sets"} {
		if _, err := c.exec(ctx, "DELETE FROM "+noted); err != nil {
			return err
		}
	}
	return nil
}

// restoring fills tables that are empty.
type restoring struct {
	*conn
	contents *contents
	entities map[string]bool // that have tables
}

func (r restoring) put(ctx context.Context, items []core.Item) error {
	for _, i := range items {
		if err := r.putOne(ctx, i); err != nil {
			return fmt.Errorf("restore a %s: %w", i.Kind(), err)
		}
	}
	return nil
}

func (r restoring) putOne(ctx context.Context, i core.Item) (err error) {
	switch {
	case i.Record != nil:
		return r.record(ctx, i.Record)
	case i.Entry != nil:
		var document string
		if document, err = encodeEntry(*i.Entry); err == nil {
			_, err = r.exec(ctx, "INSERT INTO journal (seq, entity, record, version, pending, entry) VALUES (?, ?, ?, ?, 0, ?)",
				i.Entry.Position, i.Entry.Entity, i.Entry.RecordID, i.Entry.Version, document)
		}
	case i.Delivery != nil:
		return r.delivery(ctx, *i.Delivery)
	case i.Subscription != nil:
		var topics string
		if topics, err = encode(list(i.Subscription.Topics)); err == nil {
			_, err = r.exec(ctx, "INSERT INTO subscriptions (subscriber, topics) VALUES (?, ?)", i.Subscription.Subscriber, topics)
		}
	case i.Timer != nil:
		t := i.Timer
		_, err = r.exec(ctx, "INSERT INTO timers (plugin, key, due, payload, attempts, rev) VALUES (?, ?, ?, ?, ?, ?)", t.Plugin, t.Key, t.DueAt.UnixMilli(), t.Payload, t.Attempts, t.Rev)
	case i.JobRun != nil:
		err = r.saveJobRun(ctx, *i.JobRun)
	case i.State != nil:
		_, err = r.exec(ctx, "INSERT INTO plugin_state (plugin, key, version, expires, value) VALUES (?, ?, ?, ?, ?)",
			i.State.Plugin, i.State.Key, i.State.Version, untilOf(i.State.Expires), append([]byte{}, i.State.Value...))
	case i.Counter != nil:
		_, err = r.exec(ctx, "INSERT INTO counters (name, value) VALUES (?, ?)", i.Counter.Name, i.Counter.Last)
	case i.Plugin != nil:
		var document []byte
		if document, err = json.Marshal(i.Plugin); err == nil {
			_, err = r.exec(ctx, "INSERT INTO plugins (name, generation, document) VALUES (?, ?, ?)", i.Plugin.Plugin, i.Plugin.Generation, string(document))
		}
	case i.Definitions != nil:
		err = r.keepDefinitions(ctx, *i.Definitions)
	case i.Content != nil:
		err = r.contents.restore(*i.Content)
	default:
		err = errors.New("nobody knows what that is")
	}
	return err
}

// record needs no indexes, no terms and no sort keys yet: Prepare makes them of all records at once.
func (r restoring) record(ctx context.Context, one *core.Record) error {
	name := quoted("entity_" + snake(one.Entity))
	if !r.entities[one.Entity] {
		if err := r.createTables(ctx, one.Entity); err != nil {
			return err
		}
		r.entities[one.Entity] = true
	}
	doc, err := encode(core.Plain(one.Values))
	if err != nil {
		return err
	}
	_, err = r.exec(ctx, "INSERT INTO "+name+` (id, version, created_at, created_by, updated_at, updated_by, deleted_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET version = excluded.version, created_at = excluded.created_at, created_by = excluded.created_by,
	updated_at = excluded.updated_at, updated_by = excluded.updated_by, deleted_at = excluded.deleted_at, doc = excluded.doc`,
		one.ID, one.Version, schema.Instant(one.CreatedAt), one.CreatedBy, schema.Instant(one.UpdatedAt), one.UpdatedBy, deletedAt(one), doc)
	return err
}

// delivery completes the event of a change by what the journal has.
func (r restoring) delivery(ctx context.Context, d core.Delivery) error {
	if e := d.Event.Entry; e != nil {
		var document string
		found, err := r.row(ctx, "SELECT entry FROM journal WHERE entity = ? AND record = ? AND version = ?", []any{e.Entity, e.RecordID, e.Version}, &document)
		if err == nil && !found {
			err = fmt.Errorf("the journal does not have version %d of %s %s", e.Version, e.Entity, e.RecordID)
		}
		entry := core.Entry{Entity: e.Entity, RecordID: e.RecordID, Version: e.Version}
		if err == nil {
			err = decodeEntry(document, &entry)
		}
		if err != nil {
			return err
		}
		d.Event = entry.Event()
	}
	document, err := encodeEvent(d.Event)
	if err != nil {
		return err
	}
	dead := sql.NullString{String: schema.Instant(d.DeadAt), Valid: !d.DeadAt.IsZero()}
	_, err = r.exec(ctx, "INSERT INTO deliveries (subscriber, event, key, seq, due, attempts, error, dead_at, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
		d.Subscriber, d.Event.ID, d.Event.Key, d.Event.Seq, schema.Instant(d.Due), d.Attempts, d.LastError, dead, document)
	if err == nil {
		err = lineUp(ctx, r.conn, d.Subscriber, d.Event.ID)
	}
	return err
}
