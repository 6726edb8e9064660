package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// History returns the entries of one record, latest first; all of them when
// first is negative. The record's
// document is read before the journal, so that an entry which the relay moves
// in between is seen at least once; those seen twice are dropped.
func (s *Store) History(ctx context.Context, e *schema.Entity, id string, first int, before int64) ([]core.Entry, error) {
	if err := s.seenWhole(ctx); err != nil {
		return nil, err
	}
	pending, err := s.pending(ctx, e, id)
	if err != nil {
		return nil, s.failed("read the history of "+e.Name, err)
	}
	moved, err := s.moved(ctx, e, id, first, before)
	if err != nil {
		return nil, s.failed("read the history of "+e.Name, err)
	}
	entries := slices.DeleteFunc(append(pending, moved...), func(entry core.Entry) bool { return before > 0 && entry.Version >= before })
	slices.SortStableFunc(entries, func(a, b core.Entry) int { return int(b.Version - a.Version) })
	entries = slices.CompactFunc(entries, func(a, b core.Entry) bool { return a.Version == b.Version })
	for i := range entries {
		entries[i].Batch = ""
	}
	if first >= 0 && first < len(entries) {
		entries = entries[:first]
	}
	return entries, nil
}

// pending reads the entries that still lie in the record's document.
func (s *Store) pending(ctx context.Context, e *schema.Entity, id string) ([]core.Entry, error) {
	raw, err := s.collection(e).FindOne(ctx, bson.D{{Key: idField, Value: id}},
		options.FindOne().SetProjection(bson.D{{Key: journalField, Value: 1}})).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil, nil
	}
	if err == nil {
		err = budget.From(ctx).Take(2 * int64(len(raw)))
	}
	if err != nil {
		return nil, err
	}
	return entriesIn(e.Stored().Name, id, raw)
}

// entriesIn reads the entries in a record's document, oldest first.
func entriesIn(entity, id string, raw bson.Raw) ([]core.Entry, error) {
	list, ok := raw.Lookup(journalField).ArrayOK()
	if !ok {
		return nil, nil
	}
	values, err := list.Values()
	if err != nil {
		return nil, err
	}
	entries := make([]core.Entry, len(values))
	for i, v := range values {
		if entries[i], err = decodeEntry(entity, id, v.Document()); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// moved reads a record's entries from the journal, whose ids are one range for
// each record, sorted by version.
func (s *Store) moved(ctx context.Context, e *schema.Entity, id string, first int, before int64) ([]core.Entry, error) {
	entity := e.Stored().Name
	to := journalID(entity, id, before)
	if before <= 0 {
		to = entity + "/" + id + "0" // the character after the slash
	}
	opts := options.Find().SetSort(bson.D{{Key: idField, Value: -1}})
	if first > 0 {
		opts.SetLimit(int64(first))
	}
	cursor, err := s.journal().Find(ctx,
		bson.D{{Key: idField, Value: bson.D{{Key: "$gte", Value: entity + "/" + id + "/"}, {Key: "$lt", Value: to}}}}, opts)
	if err != nil {
		return nil, err
	}
	request := budget.From(ctx)
	return all(ctx, cursor, func(raw bson.Raw) (core.Entry, error) {
		if err := request.Take(2 * int64(len(raw))); err != nil {
			return core.Entry{}, err
		}
		return decodeEntry(entity, id, raw)
	})
}

func journalID(entity, record string, version int64) string {
	return fmt.Sprintf("%s/%s/%019d", entity, record, version)
}
