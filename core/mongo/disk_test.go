package mongo

import (
	"errors"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

func TestAFullDiskIsSaid(t *testing.T) {
	for name, err := range map[string]error{
		"MongoDB":                         driver.CommandError{Code: 14031, Message: "available disk space of 7340032 bytes is less than required minimum of 524288000"},
		"DocumentDB, a write":             driver.WriteException{WriteErrors: driver.WriteErrors{{Code: 4293, Message: `could not extend file "base/5/19128": No space left on device`}}},
		"DocumentDB, a new collection":    driver.CommandError{Code: 1, Message: `could not extend file "base/5/2658": No space left on device`},
		"DocumentDB, one write of many":   driver.BulkWriteException{WriteErrors: []driver.BulkWriteError{{WriteError: driver.WriteError{Code: 4293, Message: `could not extend file "base/5/2658": No space left on device`}}}},
		"DocumentDB, its log has no room": driver.CommandError{Code: 1, Message: `could not write to file "pg_wal/xlogtemp.1983": No space left on device`},
	} {
		t.Run(name, func(t *testing.T) {
			s := &Store{}
			var ours *core.Error
			if got := s.writeFailed("create thing", err); !errors.As(got, &ours) || ours.Code != core.Unavailable || ours.Message != "The disk of the database is full. Nothing was changed; free some space and try again." || ours.Cause == nil {
				t.Errorf("the error is %v", got)
			}
			if !s.full.Load() {
				t.Error("the store does not doubt its disk")
			}
		})
	}
}

func TestADiskThatHasRoomAgainIsReady(t *testing.T) {
	s := open(t, mongotest.Server(t), patient)
	t.Cleanup(func() { s.Close() })
	s.full.Store(true)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.full.Load() {
		t.Error("the store doubts its disk still")
	}
	if n, err := s.db.Collection(roomCollection).CountDocuments(t.Context(), bson.D{}); err != nil || n != 0 {
		t.Errorf("%d documents are left, %v", n, err)
	}
}

func TestADatabaseThatRecoversIsWaitedFor(t *testing.T) {
	s := &Store{}
	for _, message := range []string{"the database system is in recovery mode", "the database system is starting up", "the database system is shutting down"} {
		if err := s.failed("ping", driver.CommandError{Code: 1, Message: message}); core.CodeOf(err) != core.Unavailable {
			t.Errorf("%s: %v; want it Unavailable", message, err)
		}
	}
}
