package mongo

import (
	"context"
	"errors"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	// defaultPatience is how long a batch may take to decide once somebody else waits for
	// it. It is a matter of politeness alone: a batch that was given up finds that it was.
	defaultPatience = 2 * time.Second

	firstLook  = 2 * time.Millisecond
	longerLook = 100 * time.Millisecond
)

// waitsFor is the batch that another one has to wait for, once it has let go of all that
// it holds itself: so no two wait for each other.
type waitsFor struct {
	batch  string
	record string // that has its mark
}

// isRecord leaves out what holds the place of a record that a batch is to create. It has
// no version, and is not alive either.
func isRecord() bson.D {
	return bson.D{{Key: versionField, Value: bson.D{{Key: "$gte", Value: int64(1)}}}}
}

// mark lets nobody else write the record, and takes its new unique values, for as long as
// the batch is not decided.
func (s *Store) mark(ctx context.Context, id string, step batchStep, one core.Step) (waitsFor, error) {
	e, c := one.Entity, one.Change
	var err error
	if step.New {
		_, err = s.collection(e).InsertOne(ctx, step.mark)
	} else {
		var result *driver.UpdateResult
		result, err = s.collection(e).UpdateOne(ctx, replaces(c), step.mark)
		if err == nil && result.MatchedCount == 0 {
			other, err := s.batchOf(ctx, e, c.After.ID)
			if err != nil {
				return waitsFor{}, err
			}
			return waitsFor{other, c.After.ID}, stale(c, nil)
		}
	}
	if isDuplicate(err) && !isFenced(err) {
		return s.inTheWay(ctx, id, e, c, err)
	}
	return waitsFor{}, s.failed("hold "+e.Name, err)
}

// overtaken says why a change has not found the version that it replaces. It waits for a
// batch that is to change the record.
func (s *Store) overtaken(ctx context.Context, e *schema.Entity, c core.Change) error {
	id, err := s.batchOf(ctx, e, c.After.ID)
	if err != nil {
		return err
	}
	if id == "" {
		return stale(c, nil)
	}
	return s.behind(ctx, waitsFor{id, c.After.ID}, core.Step{Entity: e, Change: c}, stale(c, nil))
}

// batchOf is the batch that is to change a record; "" for none.
func (s *Store) batchOf(ctx context.Context, e *schema.Entity, record string) (string, error) {
	raw, err := s.collection(e).FindOne(ctx, bson.D{{Key: idField, Value: record}}, options.FindOne().SetProjection(bson.D{{Key: batchField, Value: 1}})).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return "", nil
	}
	if err != nil {
		return "", s.failed("look why "+e.Name+" was not written", err)
	}
	id, _ := raw.Lookup(batchField).StringValueOK()
	return id, nil
}

// behind waits until a batch is through, and then returns why the change has to begin anew.
func (s *Store) behind(ctx context.Context, w waitsFor, one core.Step, why error) error {
	if err := s.await(ctx, bson.D{{Key: idField, Value: w.batch}}); err != nil {
		return err
	}
	if err := s.unmark(ctx, one.Entity, w); err != nil {
		return err
	}
	return why
}

// unmark takes away a mark whose batch is not there any more: it was given up while it was
// still marking, and its process has died.
func (s *Store) unmark(ctx context.Context, e *schema.Entity, w waitsFor) error {
	marked := batchStep{Record: w.record}.marked(w.batch)
	raw, err := s.collection(e).FindOne(ctx, marked).Raw()
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil
	}
	var r *core.Record
	if err == nil {
		r, err = decodeRecord(e.Stored().Name, raw)
	}
	switch {
	case err != nil:
	case r.Version == 0:
		_, err = s.collection(e).DeleteOne(ctx, marked)
	default:
		err = s.byNote(ctx, e, func(keeping keptKeys) error {
			set, unset := keeping.claimed(e, r)
			_, err := s.collection(e).UpdateOne(ctx, marked, setting(set, append(unset, batchField)))
			return err
		})
	}
	return s.failed("free "+e.Name, err)
}

// await waits until the batch is no longer pending, and brings it to its end. One that
// takes too long to decide is given up in its place.
func (s *Store) await(ctx context.Context, which bson.D) error {
	since := time.Now()
	for pause := firstLook; ; pause = min(2*pause, longerLook) {
		var d batchDocument
		err := s.batches().FindOne(ctx, which, options.FindOne().SetProjection(bson.D{{Key: stateField, Value: 1}})).Decode(&d)
		if errors.Is(err, driver.ErrNoDocuments) {
			return nil
		}
		if err != nil {
			return s.failed("wait for a batch", err)
		}
		if waited := time.Since(since); d.State != pendingState || waited > s.patience {
			_, err := s.end(ctx, d.ID)
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return s.failed("wait for a batch", ctx.Err())
		}
	}
}
