package mongo

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Pending returns entries that lie in the documents of their records, at most
// limit of them, those of one record from the oldest to the latest. It looks
// into every collection of records, also where no entity has that name any more.
func (s *Store) Pending(ctx context.Context, limit int) ([]core.Entry, error) {
	names, err := s.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, s.failed("list the collections", err)
	}
	var entries []core.Entry
	for _, name := range names {
		if strings.Contains(name, ".") { // ours, see store.go, or the server's own
			continue
		}
		if len(entries) >= limit {
			break
		}
		more, err := s.pendingOf(ctx, name, limit-len(entries))
		if err != nil {
			return nil, s.failed("read the new history of "+name, err)
		}
		entries = append(entries, more...)
	}
	return entries[:min(limit, len(entries))], nil
}

func (s *Store) pendingOf(ctx context.Context, entity string, limit int) ([]core.Entry, error) {
	cursor, err := s.db.Collection(entity).Find(ctx, hasPending(),
		options.Find().SetProjection(bson.D{{Key: journalField, Value: 1}}).SetLimit(int64(limit)))
	if err != nil {
		return nil, err
	}
	var entries []core.Entry
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		more, err := entriesIn(entity, raw.Lookup(idField).StringValue(), raw)
		entries = append(entries, more...)
		return struct{}{}, err
	})
	return entries, err
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
		done, err := s.db.Collection(entity).BulkWrite(ctx, whole)
		if err == nil && done.MatchedCount < int64(len(ids)) {
			_, err = s.db.Collection(entity).BulkWrite(ctx, rest)
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
