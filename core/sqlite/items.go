package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Items calls each for all things of a kind, but for entries, which EntriesAfter
// reads. It holds a connection until it is through, so it is for a copy that Freeze
// has made.
func (s *Store) Items(ctx context.Context, kind core.ItemKind, each func(core.Item) error) error {
	if kind == core.RecordItem {
		return s.from(ctx, s.readers, "read the records", func(c *conn) error { return c.records(ctx, each) })
	}
	if kind == core.ContentItem {
		return s.contentItems(each)
	}
	query, scan := itemsOf(kind)
	if scan == nil {
		return fmt.Errorf("a backup reads no %q one by one", kind)
	}
	return s.from(ctx, s.readers, "read what is kept as "+string(kind), func(c *conn) error {
		return c.query(ctx, query, nil, func(rows *sql.Rows) error {
			i, err := scan(rows)
			if err != nil {
				return err
			}
			return each(i)
		})
	})
}

// records are those of all entities, also of those that no model has any more.
func (c *conn) records(ctx context.Context, each func(core.Item) error) error {
	entities, err := c.names(ctx, "SELECT name FROM entities ORDER BY name")
	if err != nil {
		return err
	}
	for _, entity := range entities {
		query := "SELECT id, version, created_at, created_by, updated_at, updated_by, deleted_at, doc FROM " + quoted("entity_"+snake(entity)) + " ORDER BY seq"
		err := c.query(ctx, query, nil, func(rows *sql.Rows) error {
			r := &core.Record{Entity: entity}
			var created, updated, doc string
			var deleted sql.NullString
			err := rows.Scan(&r.ID, &r.Version, &created, &r.CreatedBy, &updated, &r.UpdatedBy, &deleted, &doc)
			if err == nil {
				r.Values, err = decodeObject(doc)
			}
			for _, at := range []struct {
				text string
				time *time.Time
			}{{created, &r.CreatedAt}, {updated, &r.UpdatedAt}, {deleted.String, &r.DeletedAt}} {
				if err == nil && at.text != "" {
					*at.time, err = time.Parse(schema.InstantFormat, at.text)
				}
			}
			if err != nil {
				return fmt.Errorf("read %s %s: %w", entity, r.ID, err)
			}
			return each(core.Item{Record: r})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// itemsOf says how things of a kind are read.
func itemsOf(kind core.ItemKind) (query string, scan func(*sql.Rows) (core.Item, error)) {
	switch kind {
	case core.DeliveryItem:
		return deliveryColumns + " ORDER BY rowid", func(rows *sql.Rows) (core.Item, error) {
			d, err := scanDelivery(rows)
			return core.Item{Delivery: &d}, err
		}
	case core.SubscriptionItem:
		return "SELECT subscriber, topics FROM subscriptions ORDER BY subscriber", func(rows *sql.Rows) (core.Item, error) {
			sub, err := scanSubscription(rows)
			return core.Item{Subscription: &sub}, err
		}
	case core.TimerItem:
		return timerColumns + " ORDER BY plugin, key", func(rows *sql.Rows) (core.Item, error) {
			t, err := scanTimer(rows)
			return core.Item{Timer: &t}, err
		}
	case core.JobRunItem:
		return jobRunColumns + " ORDER BY plugin, job", func(rows *sql.Rows) (core.Item, error) {
			r, err := scanJobRun(rows)
			return core.Item{JobRun: &r}, err
		}
	case core.StateItem:
		return "SELECT plugin, key, version, expires, value FROM plugin_state ORDER BY plugin, key", func(rows *sql.Rows) (core.Item, error) {
			var v core.State
			var expires sql.NullInt64
			err := rows.Scan(&v.Plugin, &v.Key, &v.Version, &expires, &v.Value)
			if expires.Valid {
				v.Expires = moment(expires.Int64)
			}
			return core.Item{State: &v}, err
		}
	case core.CounterItem:
		return "SELECT name, value FROM counters ORDER BY name", func(rows *sql.Rows) (core.Item, error) {
			var n core.Counter
			err := rows.Scan(&n.Name, &n.Last)
			return core.Item{Counter: &n}, err
		}
	case core.PluginItem:
		return "SELECT name, generation, document FROM plugins ORDER BY name", func(rows *sql.Rows) (core.Item, error) {
			var r core.Registration
			var document string
			err := rows.Scan(&r.Plugin, &r.Generation, &document)
			if err == nil {
				err = json.Unmarshal([]byte(document), &r)
			}
			return core.Item{Plugin: &r}, err
		}
	case core.DefinitionsItem:
		return "SELECT document FROM definitions", func(rows *sql.Rows) (core.Item, error) {
			var d core.Definitions
			var document string
			err := rows.Scan(&document)
			if err == nil {
				err = json.Unmarshal([]byte(document), &d)
			}
			return core.Item{Definitions: &d}, err
		}
	}
	return "", nil
}
