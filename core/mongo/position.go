package mongo

import (
	"context"
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

// buildTime is how long the indexes of a large journal may take.
const buildTime = time.Hour

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
func (s *Store) kept() *driver.Collection { return s.majority(journalCollection) }

// majority is a collection to read as a majority of the servers has it.
func (s *Store) majority(name string) *driver.Collection {
	return s.db.Collection(name, options.Collection().SetReadConcern(readconcern.Majority()))
}

// outrun says whether a write was refused because another relay has given the
// positions that it wanted to give.
func outrun(err error) bool {
	// Of two that write the same ones, DocumentDB lets one wait, or refuses it.
	return isDuplicate(err) || isDeadlock(err)
}
