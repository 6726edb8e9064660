package mongo

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Pending goes through the entries that lay in the documents of their records when
// it began, at most limit of them at a time, those of one record from the oldest to
// the latest. It looks into every collection of records, also where no entity has
// that name any more.
func (s *Store) Pending(ctx context.Context, limit int) iter.Seq2[[]core.Entry, error] {
	return func(yield func([]core.Entry, error) bool) {
		var entries []core.Entry
		for more, err := range s.pendingOfAll(ctx, limit) {
			if err != nil {
				yield(nil, err)
				return
			}
			for entries = append(entries, more...); len(entries) >= limit; entries = entries[limit:] {
				if !yield(entries[:limit:limit], nil) {
					return
				}
			}
		}
		if len(entries) > 0 {
			yield(entries, nil)
		}
	}
}

func (s *Store) pendingOfAll(ctx context.Context, limit int) iter.Seq2[[]core.Entry, error] {
	return func(yield func([]core.Entry, error) bool) {
		names, err := s.db.ListCollectionNames(ctx, bson.D{})
		if err != nil {
			yield(nil, s.failed("list the collections", err))
			return
		}
		for _, name := range names {
			if strings.Contains(name, ".") { // ours, see store.go, or the server's own
				continue
			}
			for entries, err := range s.pendingOf(ctx, name, limit) {
				if !yield(entries, s.failed("read the new history of "+name, err)) || err != nil {
					return
				}
			}
		}
	}
}

// pendingOf goes through the pending entries of one entity, those of limit records
// at a time. The index says nothing of what came first. So where there are more, it
// notes first which records they are of, or those who write meanwhile could keep it
// from ever coming to the last one.
func (s *Store) pendingOf(ctx context.Context, entity string, limit int) iter.Seq2[[]core.Entry, error] {
	return func(yield func([]core.Entry, error) bool) {
		entries, records, err := s.entriesOf(ctx, entity, hasPending(), limit)
		if err != nil || records < limit {
			yield(entries, err)
			return
		}
		ids, err := s.idsOf(ctx, entity, hasPending())
		if err != nil {
			yield(nil, err)
			return
		}
		for some := range slices.Chunk(ids, limit) {
			entries, _, err := s.entriesOf(ctx, entity, bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: some}}}}, limit)
			if !yield(entries, err) || err != nil {
				return
			}
		}
	}
}

// entriesOf returns the pending entries of at most limit records, and of how many
// they are.
func (s *Store) entriesOf(ctx context.Context, entity string, filter bson.D, limit int) (entries []core.Entry, records int, err error) {
	cursor, err := s.in(entity).Find(ctx, filter,
		options.Find().SetProjection(bson.D{{Key: journalField, Value: 1}}).SetLimit(int64(limit)))
	if err != nil {
		return nil, 0, err
	}
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		more, err := entriesIn(entity, raw.Lookup(idField).StringValue(), raw)
		entries = append(entries, more...)
		records++
		return struct{}{}, err
	})
	return entries, records, err
}

func (s *Store) idsOf(ctx context.Context, entity string, filter bson.D) ([]string, error) {
	cursor, err := s.in(entity).Find(ctx, filter, options.Find().SetProjection(bson.D{{Key: idField, Value: 1}}))
	if err != nil {
		return nil, err
	}
	return all(ctx, cursor, func(raw bson.Raw) (string, error) { return raw.Lookup(idField).StringValue(), nil })
}

// hasPending selects the documents that an index of its own lists: those with
// an entry, as versions begin at 1.
func hasPending() bson.D {
	return bson.D{{Key: journalField + "." + versionField, Value: bson.D{{Key: "$gte", Value: int64(1)}}}}
}

// Settle removes these entries from the documents of their records. All relays
// go through the records in one order: an engine that locks what a command has
// written would let two of them wait for each other.
func (s *Store) Settle(ctx context.Context, entries []core.Entry) error {
	settled := map[string]map[string][]int64{} // by entity and record
	for _, entry := range entries {
		if settled[entry.Entity] == nil {
			settled[entry.Entity] = map[string][]int64{}
		}
		settled[entry.Entity][entry.RecordID] = append(settled[entry.Entity][entry.RecordID], entry.Version)
	}
	for entity, versions := range settled {
		ids := slices.Sorted(maps.Keys(versions))
		var whole, rest []driver.WriteModel
		for _, id := range ids {
			whole = append(whole, clearing(id, versions[id]))
			rest = append(rest, removal(id, versions[id])...)
		}
		matched, _, err := s.in(entity).BulkWrite(ctx, whole, inTurn)
		if err == nil && matched < int64(len(ids)) {
			_, _, err = s.in(entity).BulkWrite(ctx, rest, inTurn)
		}
		if err != nil {
			return s.failed("settle the new history of "+entity, err)
		}
	}
	return nil
}

// clearing takes all entries of a record, if these are all: nearly always, and by one
// update rather than two.
func clearing(id string, versions []int64) driver.WriteModel {
	all := bson.D{{Key: "$size", Value: len(versions)}}
	these := bson.D{{Key: "$all", Value: versions}}
	return driver.NewUpdateOneModel().
		SetFilter(bson.D{{Key: idField, Value: id}, {Key: journalField, Value: all}, {Key: journalField + "." + versionField, Value: these}}).
		SetUpdate(bson.D{{Key: "$unset", Value: bson.D{{Key: journalField, Value: ""}}}})
}

// removal takes entries out of a record's document, and then the list itself
// if it is empty, since the index of what is pending would keep it.
func removal(id string, versions []int64) []driver.WriteModel {
	these := bson.D{{Key: versionField, Value: bson.D{{Key: "$in", Value: versions}}}}
	return []driver.WriteModel{
		driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: idField, Value: id}}).
			SetUpdate(bson.D{{Key: "$pull", Value: bson.D{{Key: journalField, Value: these}}}}),
		driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: idField, Value: id}, {Key: journalField, Value: bson.D{{Key: "$size", Value: 0}}}}).
			SetUpdate(bson.D{{Key: "$unset", Value: bson.D{{Key: journalField, Value: ""}}}}),
	}
}
