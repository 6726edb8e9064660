package mongo

import (
	"cmp"
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	numberedAtOnce = 5000 // entries that are sorted at once
	perCommand     = 1000 // and how many updates, or ids, one command has
)

// numberless is what numbering needs to know about an entry without a position.
type numberless struct {
	ID      string    `bson:"_id"`
	Entity  string    `bson:"entity"`
	Record  string    `bson:"record"`
	Version int64     `bson:"version"`
	At      time.Time `bson:"at"`
}

// Number gives positions to the entries that have none, because a program from
// before has written them, and returns how many it has given: by time, but those
// of one record by version, whatever the clocks said. It goes on where it was
// cut off.
func (s *Store) Number(ctx context.Context) (int, error) {
	const what = "number the entries from before"
	if err := s.indexJournal(ctx); err != nil {
		return 0, err
	}
	if some, err := s.numberless(ctx, 1); err != nil || len(some) == 0 {
		return 0, s.failed(what, err)
	}
	given := 0
	for attempt := 1; ; attempt++ {
		// First the last position, then what has none, or there could be a gap: an update
		// gives nothing when another relay has numbered its entry meanwhile. This way
		// round n entries have positions behind last when n updates are done, no two of
		// them the same, so that the next n behind last are taken.
		last, err := s.last(ctx)
		if err != nil {
			return given, s.failed(what, err)
		}
		entries, err := s.numberless(ctx, numberedAtOnce)
		if err != nil || len(entries) == 0 {
			return given, s.failed(what, err)
		}
		n, err := s.give(ctx, entries, last)
		if given += n; n > 0 {
			attempt = 0
		}
		if err != nil && (!outrun(err) || attempt == attempts) {
			return given, s.failed(what, err)
		}
		if n == len(entries) {
			continue
		}
		if err := makeWay(ctx, attempt); err != nil {
			return given, s.failed(what, err)
		}
	}
}

// give gives entries the positions behind last, in their order, and stops where
// one is taken. It returns how many it has given.
func (s *Store) give(ctx context.Context, entries []numberless, last int64) (given int, err error) {
	for part := range slices.Chunk(entries, perCommand) {
		var models []driver.WriteModel
		for _, entry := range part {
			last++
			models = append(models, driver.NewUpdateOneModel().
				SetFilter(append(bson.D{{Key: idField, Value: entry.ID}}, unnumbered()...)).
				SetUpdate(bson.D{{Key: "$set", Value: bson.D{{Key: positionField, Value: last}}}}))
		}
		_, modified, err := s.journal().BulkWrite(ctx, models, inTurn)
		given += int(modified)
		if err != nil {
			return given, err
		}
	}
	return given, nil
}

// numberless returns the oldest entries without a position, at most limit and
// those of their records that must come before them, in the order in which they
// get one.
func (s *Store) numberless(ctx context.Context, limit int) ([]numberless, error) {
	order := bson.D{{Key: "at", Value: 1}, {Key: idField, Value: 1}}
	entries, err := s.findNumberless(ctx, nil, options.Find().SetSort(order).SetLimit(int64(limit)))
	for earlier := entries; err == nil && len(earlier) > 0; {
		if earlier, err = s.before(ctx, entries); err == nil {
			entries = append(entries, earlier...)
		}
	}
	return inOrder(entries), err
}

// before returns the entries without a position that come one version before
// one of these, and are not among them: their clock was fast.
func (s *Store) before(ctx context.Context, entries []numberless) ([]numberless, error) {
	known := map[string]bool{}
	for _, e := range entries {
		known[e.ID] = true
	}
	var asked []string
	for _, e := range entries {
		if id := journalID(e.Entity, e.Record, e.Version-1); e.Version > 1 && !known[id] {
			asked = append(asked, id)
		}
	}
	var earlier []numberless
	for part := range slices.Chunk(asked, perCommand) {
		found, err := s.findNumberless(ctx, bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: part}}}}, options.Find())
		if err != nil {
			return nil, err
		}
		earlier = append(earlier, found...)
	}
	return earlier, nil
}

func (s *Store) findNumberless(ctx context.Context, filter bson.D, opts *options.FindOptionsBuilder) ([]numberless, error) {
	opts.SetProjection(bson.D{{Key: "entity", Value: 1}, {Key: "record", Value: 1}, {Key: versionField, Value: 1}, {Key: "at", Value: 1}})
	cursor, err := s.journal().Find(ctx, append(unnumbered(), filter...), opts)
	if err != nil {
		return nil, err
	}
	return all(ctx, cursor, func(raw bson.Raw) (e numberless, err error) { return e, bson.Unmarshal(raw, &e) })
}

// inOrder sorts entries by time, where none is earlier than those of its record
// that came before it.
func inOrder(entries []numberless) []numberless {
	type record struct{ entity, id string }
	latest := map[record]time.Time{}
	slices.SortFunc(entries, func(a, b numberless) int { return cmp.Compare(a.Version, b.Version) })
	for i, e := range entries {
		r := record{e.Entity, e.Record}
		if before, ok := latest[r]; ok && before.After(e.At) {
			entries[i].At = before
		}
		latest[r] = entries[i].At
	}
	slices.SortStableFunc(entries, func(a, b numberless) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	})
	return entries
}
