package mongo

import (
	"context"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// Append writes entries to the journal, each at the next position. One that
// was written before, by whomever, stays as and where it is: by its id there.
func (s *Store) Append(ctx context.Context, entries []core.Entry) error {
	const what = "write the journal"
	if err := s.indexJournal(ctx); err != nil {
		return err
	}
	for attempt := 1; len(entries) > 0; attempt++ {
		last, sure := s.tail.mine()
		var err error
		if !sure || attempt > 1 {
			last, err = s.last(ctx)
		}
		if err != nil {
			return s.failed(what, err)
		}
		if err = s.journal().InsertMany(ctx, placed(entries, last), inTurn); err == nil {
			s.tail.gave(last + int64(len(entries)))
			return nil
		}
		if !outrun(err) || attempt == attempts {
			return s.failed(what, err)
		}
		// Another relay has written some of them, most often all. If it knows nothing of
		// positions, what it left comes first, or a record's entries would change places.
		if entries, err = s.Missing(ctx, entries); err != nil || len(entries) == 0 {
			return err
		}
		if _, err := s.Number(ctx); err != nil {
			return err
		}
		if err := makeWay(ctx, attempt); err != nil {
			return s.failed(what, err)
		}
	}
	return nil
}

// placed are the documents of entries behind a position.
func placed(entries []core.Entry, last int64) []any {
	documents := make([]any, len(entries))
	for i, entry := range entries {
		documents[i] = append(bson.D{
			{Key: idField, Value: journalID(entry.Entity, entry.RecordID, entry.Version)},
			{Key: positionField, Value: last + int64(i) + 1},
			{Key: "entity", Value: entry.Entity},
			{Key: "record", Value: entry.RecordID},
		}, encodeEntry(entry)...)
	}
	return documents
}

// Missing returns those of the entries that the journal does not have.
func (s *Store) Missing(ctx context.Context, entries []core.Entry) ([]core.Entry, error) {
	asked := make([]string, len(entries))
	for i, entry := range entries {
		asked[i] = journalID(entry.Entity, entry.RecordID, entry.Version)
	}
	cursor, err := s.kept().Find(ctx, bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: asked}}}}, options.Find().SetProjection(bson.D{{Key: idField, Value: 1}}))
	if err != nil {
		return nil, s.failed("look for entries in the journal", err)
	}
	there := map[string]bool{}
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		there[raw.Lookup(idField).StringValue()] = true
		return struct{}{}, nil
	})
	var missing []core.Entry
	for i, entry := range entries {
		if !there[asked[i]] {
			missing = append(missing, entry)
		}
	}
	return missing, s.failed("look for entries in the journal", err)
}

// EntriesAfter returns the entries behind a position, in the order of their
// positions and at most limit of them, and the last position that there is.
func (s *Store) EntriesAfter(ctx context.Context, position int64, limit int) ([]core.Entry, int64, error) {
	const what = "read the journal"
	last, err := s.last(ctx)
	if err != nil || position >= last || limit <= 0 {
		return nil, last, s.failed(what, err)
	}
	// Without gaps a page is a range, which every engine reads from the index.
	page := bson.D{{Key: positionField, Value: bson.D{{Key: "$gt", Value: position}, {Key: "$lte", Value: min(position+int64(limit), last)}}}}
	cursor, err := s.kept().Find(ctx, page, options.Find().SetSort(bson.D{{Key: positionField, Value: 1}}))
	if err != nil {
		return nil, 0, s.failed(what, err)
	}
	entries, err := all(ctx, cursor, func(raw bson.Raw) (core.Entry, error) {
		entry, err := decodeEntry(raw.Lookup("entity").StringValue(), raw.Lookup("record").StringValue(), raw)
		entry.Position = raw.Lookup(positionField).AsInt64()
		return entry, err
	})
	return entries, last, s.failed(what, err)
}
