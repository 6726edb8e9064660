package mongo

import (
	"context"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// roomCollection is where a document is written, and removed, to see whether the
// disk takes more.
const roomCollection = "xrm.room"

// fillerSize is the size of that document in bytes: more than what may still fit into
// what the database has reserved.
const fillerSize = 256 << 10

// isFull says whether a server has refused a write for want of room: MongoDB by its
// code for that, DocumentDB with what PostgreSQL was told by the system.
func isFull(err error) bool {
	const outOfDiskSpace = 14031
	var server driver.ServerError
	return errors.As(err, &server) && (server.HasErrorCode(outOfDiskSpace) || strings.Contains(err.Error(), "No space left on device"))
}

// checkDisk says whether the disk takes writes, by one of its own once another has
// failed for want of room.
func (s *Store) checkDisk(ctx context.Context) error {
	if !s.full.Load() {
		return nil
	}
	c := s.in(roomCollection)
	_, err := c.InsertOne(ctx, bson.D{{Key: "filler", Value: make([]byte, fillerSize)}})
	if err == nil {
		_, err = c.DeleteMany(ctx, bson.D{})
	}
	if err != nil {
		return s.failed("write to the disk", err)
	}
	s.full.Store(false)
	return nil
}
