package mongo

import (
	"context"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// timerDocument is a timer as it is stored, under the id of its plugin and key.
type timerDocument struct {
	Plugin   string    `bson:"plugin"`
	Key      string    `bson:"key"`
	DueAt    time.Time `bson:"dueAt"`
	Payload  []byte    `bson:"payload"`
	Attempts int       `bson:"attempts"`
	Rev      int64     `bson:"rev"`
}

// timerIndexes hold what is due in the order in which it fires.
func timerIndexes() []driver.IndexModel {
	return []driver.IndexModel{{
		Keys:    bson.D{{Key: "plugin", Value: 1}, {Key: "dueAt", Value: 1}, {Key: "key", Value: 1}},
		Options: options.Index().SetName("due"),
	}}
}

// ownID identifies what a plugin keeps. No plugin's name has a slash.
func ownID(plugin, key string) string { return plugin + "/" + key }

// ownIDs selects what a plugin keeps with keys after one.
func ownIDs(plugin, after string) bson.D {
	return bson.D{{Key: idField, Value: bson.D{{Key: "$gt", Value: ownID(plugin, after)}, {Key: "$lt", Value: plugin + string('/'+1)}}}}
}

// later is a number greater than the one that is stored, and than those of a
// document that was deleted before.
func later(stored string) bson.D {
	return bson.D{{Key: "$max", Value: bson.A{bson.D{{Key: "$add", Value: bson.A{stored, int64(1)}}}, time.Now().UnixMicro()}}}
}

func (s *Store) timers() collection { return s.in(timersCollection) }

// Schedule sets a timer, in place of the one with its key. Its Rev and
// Attempts are the store's to set.
func (s *Store) Schedule(ctx context.Context, t core.Timer) error {
	if err := t.Check(); err != nil {
		return err
	}
	set := bson.D{{Key: "$set", Value: bson.D{
		{Key: "plugin", Value: literal(t.Plugin)},
		{Key: "key", Value: literal(t.Key)},
		{Key: "dueAt", Value: literal(t.DueAt)},
		{Key: "payload", Value: literal(t.Payload)},
		{Key: "attempts", Value: literal(0)},
		{Key: "rev", Value: later("$rev")},
	}}}
	err := again(ctx, isForestalled, func() error {
		_, err := s.timers().UpdateOne(ctx, bson.D{{Key: idField, Value: ownID(t.Plugin, t.Key)}}, bson.A{set}, options.UpdateOne().SetUpsert(true))
		return err
	})
	return s.writeFailed("schedule the timer", err)
}

// Cancel removes a timer and says whether there was one. One that is due may
// be firing already.
func (s *Store) Cancel(ctx context.Context, plugin, key string) (bool, error) {
	result, err := s.timers().DeleteOne(ctx, bson.D{{Key: idField, Value: ownID(plugin, key)}})
	if err != nil {
		return false, s.writeFailed("cancel the timer", err)
	}
	return result.DeletedCount > 0, nil
}

// DueTimers returns a plugin's timers that are due at now, at most limit of
// them, the longest due first.
func (s *Store) DueTimers(ctx context.Context, plugin string, now time.Time, limit int) ([]core.Timer, error) {
	return s.findTimers(ctx, due(plugin, now), byDue(), limit)
}

func due(plugin string, now time.Time) bson.D {
	return bson.D{{Key: "plugin", Value: plugin}, {Key: "dueAt", Value: bson.D{{Key: "$lte", Value: now}}}}
}

func byDue() bson.D { return bson.D{{Key: "dueAt", Value: 1}, {Key: "key", Value: 1}} }

// Timers lists a plugin's timers by their keys: at most first of them, those
// after afterKey ("" for from the beginning).
func (s *Store) Timers(ctx context.Context, plugin string, first int, afterKey string) ([]core.Timer, error) {
	return s.findTimers(ctx, ownIDs(plugin, afterKey), bson.D{{Key: idField, Value: 1}}, first)
}

func (s *Store) findTimers(ctx context.Context, filter, sort bson.D, limit int) ([]core.Timer, error) {
	cursor, err := s.timers().Find(ctx, filter, options.Find().SetSort(sort).SetLimit(int64(limit)))
	if err != nil {
		return nil, s.failed("read the timers", err)
	}
	timers, err := all(ctx, cursor, func(raw bson.Raw) (core.Timer, error) {
		var d timerDocument
		err := bson.Unmarshal(raw, &d)
		d.DueAt = d.DueAt.UTC()
		return core.Timer(d), err
	})
	return timers, s.failed("read the timers", err)
}

// DoneTimer removes a timer that has fired, unless it was scheduled again in
// the meantime.
func (s *Store) DoneTimer(ctx context.Context, plugin, key string, rev int64) error {
	_, err := s.timers().DeleteOne(ctx, bson.D{{Key: idField, Value: ownID(plugin, key)}, {Key: "rev", Value: rev}})
	return s.failed("remove the timer", err)
}

// PostponeTimer counts an attempt that failed and lets the timer be due again
// later, unless it was scheduled again in the meantime.
func (s *Store) PostponeTimer(ctx context.Context, plugin, key string, rev int64, due time.Time) error {
	_, err := s.timers().UpdateOne(ctx, bson.D{{Key: idField, Value: ownID(plugin, key)}, {Key: "rev", Value: rev}}, bson.D{
		{Key: "$set", Value: bson.D{{Key: "dueAt", Value: due}}},
		{Key: "$inc", Value: bson.D{{Key: "attempts", Value: 1}}},
	})
	return s.failed("postpone the timer", err)
}
