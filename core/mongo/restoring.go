package mongo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// restoring writes items, those of one call all of one kind.
type restoring struct {
	*Store
	model   *schema.Model
	sorted  map[string][]string // by the entity, the paths that have sort keys
	claimed map[string]keptKeys // by the entity
}

func (s *Store) restoring(m *schema.Model) restoring {
	r := restoring{s, m, map[string][]string{}, map[string]keptKeys{}}
	for _, e := range m.Stored() {
		r.sorted[e.Name] = s.keysFor(m, e).Paths
		r.claimed[e.Name] = keptKeys{unique: uniqueWanted(e, nil), generation: 1}
	}
	return r
}

// keyed notes that all records have their keys and their claims.
func (r restoring) keyed(ctx context.Context) error {
	for _, e := range r.model.Stored() {
		if err := r.putSorting(ctx, r.keysFor(r.model, e)); err != nil {
			return err
		}
		note := uniqueNote{ID: uniqueNoteID(e.Name), Generation: 1, Claimed: []string{}, Claiming: uniqueWanted(e, nil)}
		if err := r.putNote(ctx, note, 0); err != nil {
			return err
		}
	}
	return nil
}

func (r restoring) put(ctx context.Context, items []core.Item) error {
	var err error
	switch kind := items[0].Kind(); kind {
	case core.RecordItem:
		err = r.records(ctx, items)
	case core.DeliveryItem:
		err = r.putDeliveries(ctx, items)
	case core.ContentItem:
		err = r.putContents(ctx, items)
	default:
		err = r.insert(ctx, kind, items)
	}
	return r.failed("restore the database", err)
}

// records writes those of each entity with one command, of each record the last.
func (r restoring) records(ctx context.Context, items []core.Item) error {
	byEntity := map[string]map[string]*core.Record{}
	for _, i := range items {
		if byEntity[i.Record.Entity] == nil {
			byEntity[i.Record.Entity] = map[string]*core.Record{}
		}
		byEntity[i.Record.Entity][i.Record.ID] = i.Record
	}
	for entity, records := range byEntity {
		var documents []any
		for _, id := range slices.Sorted(maps.Keys(records)) {
			documents = append(documents, r.record(records[id]))
		}
		err := r.in(entity).InsertMany(ctx, documents, anyOrder)
		if err = r.replaced(ctx, entity, documents, err); err != nil {
			return err
		}
	}
	return nil
}

// replaced writes the documents of records that are there already in the place of
// those.
func (r restoring) replaced(ctx context.Context, entity string, documents []any, err error) error {
	var some driver.BulkWriteException
	if !errors.As(err, &some) || some.WriteConcernError != nil || withoutDuplicates(err) != nil {
		return err
	}
	var models []driver.WriteModel
	for _, refused := range some.WriteErrors {
		document := documents[refused.Index].(bson.D) // records has made it
		models = append(models, driver.NewReplaceOneModel().SetFilter(document[:1]).SetReplacement(document))
	}
	_, _, err = r.in(entity).BulkWrite(ctx, models, inTurn)
	return err
}

// putDeliveries completes the events of changes by what the journal has.
func (r restoring) putDeliveries(ctx context.Context, items []core.Item) error {
	entries, err := r.entriesOf(ctx, items)
	if err != nil {
		return err
	}
	documents := make([]any, len(items))
	for i, item := range items {
		d := *item.Delivery
		if e := d.Event.Entry; e != nil {
			entry, known := entries[journalID(e.Entity, e.RecordID, e.Version)]
			if !known {
				return fmt.Errorf("the journal does not have version %d of %s %s", e.Version, e.Entity, e.RecordID)
			}
			d.Event = entry.Event()
		}
		documents[i] = deliveryDocument(d)
	}
	err = r.deliveries().InsertMany(ctx, documents, anyOrder)
	return withoutDuplicates(err)
}

func (r restoring) entriesOf(ctx context.Context, items []core.Item) (map[string]core.Entry, error) {
	var ids []string
	for _, i := range items {
		if e := i.Delivery.Event.Entry; e != nil {
			ids = append(ids, journalID(e.Entity, e.RecordID, e.Version))
		}
	}
	entries := map[string]core.Entry{}
	if len(ids) == 0 {
		return entries, nil
	}
	cursor, err := r.journal().Find(ctx, bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: ids}}}})
	if err != nil {
		return nil, err
	}
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		e, err := decodeEntry(raw.Lookup("entity").StringValue(), raw.Lookup("record").StringValue(), raw)
		entries[raw.Lookup(idField).StringValue()] = e
		return struct{}{}, err
	})
	return entries, err
}

// insert writes what there is once.
func (r restoring) insert(ctx context.Context, kind core.ItemKind, items []core.Item) error {
	documents := make([]any, len(items))
	for n, i := range items {
		var err error
		if documents[n], err = restoredItem(i); err != nil {
			return fmt.Errorf("restore a %s: %w", kind, err)
		}
	}
	for name, kept := range keeping() {
		if kept.kind == kind {
			err := r.in(name).InsertMany(ctx, documents, inTurn)
			return err
		}
	}
	return fmt.Errorf("nobody knows where a %q lies", kind)
}
