package mongo

import (
	"context"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
)

// positionField is the place of an entry in the journal. At no moment there is
// a gap before one, although each is given by the write of its entry alone:
// whoever gives n has seen n-1 where it stays, the index refuses a second n,
// and a command stops at the first write that is refused. So a relay that died
// has left a beginning of its batch, and one that is late is refused.
const positionField = "position"

// buildTime is how long the indexes of a large journal may take, and attempts
// how often a write is tried that others outrun.
const (
	buildTime = time.Hour
	attempts  = 10
)

func journalIndexes() []driver.IndexModel {
	return []driver.IndexModel{
		{
			Keys: bson.D{{Key: positionField, Value: 1}},
			Options: options.Index().SetName("position").SetUnique(true).
				SetPartialFilterExpression(bson.D{{Key: positionField, Value: bson.D{{Key: "$exists", Value: true}}}}),
		},
		{
			// Empty, but for what a program from before has written.
			Keys:    bson.D{{Key: positionField, Value: 1}, {Key: "at", Value: 1}, {Key: idField, Value: 1}},
			Options: options.Index().SetName("unnumbered").SetPartialFilterExpression(unnumbered()),
		},
	}
}

// unnumbered selects the entries that have no position.
func unnumbered() bson.D { return bson.D{{Key: positionField, Value: nil}} }

// indexJournal makes the indexes of the journal, before this process gives its
// first position. Nothing else waits for them, so they are not part of Prepare.
func (s *Store) indexJournal(ctx context.Context) error {
	if s.indexed.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, buildTime) // rather than the client's, for one operation
	defer cancel()
	_, err := s.journal().Indexes().CreateMany(ctx, journalIndexes())
	s.indexed.Store(err == nil)
	return s.failed("create the indexes of the journal", err)
}

// kept is the journal as a majority of the servers has it: what was read there
// no failover takes back.
func (s *Store) kept() *driver.Collection {
	return s.db.Collection(journalCollection, options.Collection().SetReadConcern(readconcern.Majority()))
}

// last returns the last position, 0 for none. Since there are no gaps, it looks
// ahead from the one that it knows, twice as far each time: not every engine
// finds a greatest value by an index.
func (s *Store) last(ctx context.Context) (int64, error) {
	for from := s.position.Load(); ; {
		found, err := s.ahead(ctx, from)
		switch {
		case err != nil:
			return 0, err
		case found == from:
			s.position.Store(from)
			return from, nil
		case found < from: // the one that it knows is gone: somebody has restored a backup
			from = 0
		default:
			from = found
		}
	}
}

// ahead returns the greatest position that there is, among this one and some
// behind it; 0 for none.
func (s *Store) ahead(ctx context.Context, from int64) (int64, error) {
	asked := []int64{from}
	for distance := int64(1); distance <= 1<<30; distance *= 2 {
		asked = append(asked, from+distance)
	}
	cursor, err := s.kept().Find(ctx, bson.D{{Key: positionField, Value: bson.D{{Key: "$in", Value: asked}}}},
		options.Find().SetProjection(bson.D{{Key: idField, Value: 0}, {Key: positionField, Value: 1}}))
	if err != nil {
		return 0, err
	}
	var greatest int64
	_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) {
		greatest = max(greatest, raw.Lookup(positionField).AsInt64())
		return struct{}{}, nil
	})
	return greatest, err
}

// outrun says whether a write was refused because others were quicker, and is
// worth another attempt.
func outrun(err error, attempt int) bool {
	// DocumentDB lets two that write the same positions wait for each other, and refuses one.
	deadlocked := strings.Contains(err.Error(), "deadlock detected")
	return (isDuplicate(err) || deadlocked) && attempt < attempts
}
