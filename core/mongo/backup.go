package mongo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// inBackup is what a backup has of a collection: a kind of items, or nothing and why not.
type inBackup struct {
	kind core.ItemKind
	not  string
}

// keeping lists every collection that is no entity's: one that is not here makes a test
// fail.
func keeping() map[string]inBackup {
	return map[string]inBackup{
		journalCollection:       {kind: core.EntryItem},
		countersCollection:      {kind: core.CounterItem},
		subscriptionsCollection: {kind: core.SubscriptionItem},
		deliveriesCollection:    {kind: core.DeliveryItem},
		timersCollection:        {kind: core.TimerItem},
		jobRunsCollection:       {kind: core.JobRunItem},
		stateCollection:         {kind: core.StateItem},
		pluginsCollection:       {kind: core.PluginItem},
		definitionsCollection:   {kind: core.DefinitionsItem},
		contentsCollection:      {kind: core.ContentItem},
		contentChunksCollection: {kind: core.ContentItem},

		sortingCollection:   {not: "made anew from the records and the model"},
		keysCollection:      {not: "a secret"},
		leasesCollection:    {not: "of processes that do not run there"},
		instancesCollection: {not: "of processes that do not run there"},

		roomCollection:    {not: "says whether the disk takes more"},
		restoreCollection: {not: "says whether the database is half restored"},
		batchesCollection: {not: "of processes that do not run there"},

		broadcastsCollection: {not: "of a minute that is over"},
	}
}

// copyTime is how long reading one collection from its beginning to its end may take.
const copyTime = 24 * time.Hour

// Items calls each for all things of a kind, but for entries, which EntriesAfter
// reads. What is written meanwhile is seen or not; a record that was there is seen,
// perhaps twice.
func (s *Store) Items(ctx context.Context, kind core.ItemKind, each func(core.Item) error) error {
	if err := s.whole(ctx); err != nil {
		return err
	}
	if kind == core.RecordItem {
		names, err := s.entities(ctx)
		for _, name := range names {
			if err == nil {
				err = s.items(ctx, name, nil, func(raw bson.Raw) (core.Item, error) {
					r, err := decodeTyped(name, raw)
					return core.Item{Record: r}, err
				}, func(i core.Item) error {
					if i.Record.Version == 0 { // see isRecord
						return nil
					}
					return each(i)
				})
			}
		}
		return err
	}
	if kind == core.ContentItem {
		return s.contentItems(ctx, each)
	}
	collection, decode := itemsOf(kind)
	if decode == nil {
		return fmt.Errorf("a backup reads no %q one by one", kind)
	}
	order := bson.D{{Key: idField, Value: 1}}
	if kind == core.DeliveryItem { // the only ones of which there are many
		order = nil
	}
	return s.items(ctx, collection, order, decode, each)
}

// items reads a collection to its end by one cursor. Without an order there is
// nothing to sort, which not every engine does by an index.
func (s *Store) items(ctx context.Context, collection string, order bson.D, decode func(bson.Raw) (core.Item, error), each func(core.Item) error) error {
	ctx, cancel := context.WithTimeout(ctx, copyTime) // rather than the client's, for one operation
	defer cancel()
	opts := options.Find()
	if order != nil {
		opts.SetSort(order)
	}
	cursor, err := s.majority(collection).Find(ctx, bson.D{}, opts)
	if err != nil {
		return s.failed("copy "+collection, err)
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }() // what was read is read
	for cursor.Next(ctx) {
		i, err := decode(cursor.Current)
		if err != nil {
			return err
		}
		if err := each(i); err != nil {
			return err
		}
	}
	return s.failed("copy "+collection, cursor.Err())
}

// entities are the names of those that have records, or had some, whether or not a
// model has them.
func (s *Store) entities(ctx context.Context) ([]string, error) {
	names, err := s.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, s.failed("list the collections", err)
	}
	var entities []string
	for _, name := range names {
		if !strings.Contains(name, ".") { // ours, see store.go, or the server's own
			entities = append(entities, name)
		}
	}
	return entities, nil
}

// itemsOf says how things of a kind are read.
func itemsOf(kind core.ItemKind) (collection string, decode func(bson.Raw) (core.Item, error)) {
	switch kind {
	case core.DeliveryItem:
		return deliveriesCollection, func(raw bson.Raw) (core.Item, error) {
			d, err := decodeDelivery(raw)
			return core.Item{Delivery: &d}, err
		}
	case core.SubscriptionItem:
		return subscriptionsCollection, func(raw bson.Raw) (core.Item, error) {
			var d subscriptionDocument
			err := bson.Unmarshal(raw, &d)
			return core.Item{Subscription: (*core.Subscription)(&d)}, err
		}
	case core.TimerItem:
		return timersCollection, func(raw bson.Raw) (core.Item, error) {
			var d timerDocument
			err := bson.Unmarshal(raw, &d)
			d.DueAt = d.DueAt.UTC()
			return core.Item{Timer: (*core.Timer)(&d)}, err
		}
	case core.JobRunItem:
		return jobRunsCollection, func(raw bson.Raw) (core.Item, error) {
			var d jobRunDocument
			err := bson.Unmarshal(raw, &d)
			r := d.run()
			return core.Item{JobRun: &r}, err
		}
	case core.StateItem:
		return stateCollection, decodeState
	case core.CounterItem:
		return countersCollection, func(raw bson.Raw) (core.Item, error) {
			return core.Item{Counter: &core.Counter{Name: raw.Lookup(idField).StringValue(), Last: raw.Lookup("n").AsInt64()}}, nil
		}
	case core.PluginItem:
		return pluginsCollection, func(raw bson.Raw) (core.Item, error) {
			var d registryDocument
			var r core.Registration
			err := bson.Unmarshal(raw, &d)
			if err == nil {
				err = json.Unmarshal(d.Document, &r)
			}
			r.Plugin, r.Generation = d.ID, d.Generation
			return core.Item{Plugin: &r}, err
		}
	case core.DefinitionsItem:
		return definitionsCollection, func(raw bson.Raw) (core.Item, error) {
			var kept registryDocument
			var d core.Definitions
			err := bson.Unmarshal(raw, &kept)
			if err == nil {
				err = json.Unmarshal(kept.Document, &d)
			}
			return core.Item{Definitions: &d}, err
		}
	}
	return "", nil
}

func decodeState(raw bson.Raw) (core.Item, error) {
	var d struct {
		ID      string `bson:"_id"`
		Value   []byte
		Version int64
		Expires time.Time
	}
	err := bson.Unmarshal(raw, &d)
	v := &core.State{Version: d.Version, Value: d.Value}
	v.Plugin, v.Key, _ = strings.Cut(d.ID, "/") // no plugin's name has one
	if !d.Expires.Equal(never()) {
		v.Expires = d.Expires.UTC()
	}
	return core.Item{State: v}, err
}

// Latest returns records of one entity as they are now, and their entries that the
// relay has not moved yet.
func (s *Store) Latest(ctx context.Context, entity string, ids []string) ([]core.Latest, error) {
	cursor, err := s.majority(entity).Find(ctx, bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: ids}}}})
	if err != nil {
		return nil, s.failed("read records of "+entity, err)
	}
	found, err := all(ctx, cursor, func(raw bson.Raw) (core.Latest, error) {
		r, err := decodeTyped(entity, raw)
		if err != nil {
			return core.Latest{}, err
		}
		pending, err := entriesIn(entity, r.ID, raw)
		return core.Latest{Record: r, Pending: pending}, err
	})
	return found, s.failed("read records of "+entity, err)
}
