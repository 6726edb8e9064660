package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// EndBatch gives a batch up that is not decided, and applies one that is.
func (s *Store) EndBatch(ctx context.Context, id string) error {
	_, err := s.end(ctx, id)
	return err
}

// end brings a batch to its end, whoever has begun it, and says which of the two it was:
// decidedState or abortedState. "" is of one that is gone already, which was either.
func (s *Store) end(ctx context.Context, id string) (state string, err error) {
	if err := s.abort(ctx, id); err != nil {
		return "", err
	}
	var d batchDocument
	err = s.batches().FindOne(ctx, bson.D{{Key: idField, Value: id}}).Decode(&d)
	switch {
	case errors.Is(err, driver.ErrNoDocuments):
		return "", nil
	case err != nil:
		return "", s.failed("end a batch", err)
	case d.State == decidedState:
		return decidedState, s.finish(ctx, d)
	}
	return abortedState, s.undo(ctx, d)
}

// giveUp ends a batch whose process has not decided it.
func (s *Store) giveUp(ctx context.Context, d batchDocument) error {
	if err := s.abort(ctx, d.ID); err != nil {
		return err
	}
	return s.undo(ctx, d)
}

// abort decides that a batch is given up, unless it is decided.
func (s *Store) abort(ctx context.Context, id string) error {
	_, err := s.batches().UpdateOne(ctx,
		bson.D{{Key: idField, Value: id}, {Key: stateField, Value: pendingState}},
		bson.D{{Key: "$set", Value: bson.D{{Key: stateField, Value: abortedState}}}})
	return s.failed("give up a batch", err)
}

// finish applies what is decided. A document that has no mark any more was changed by
// another one who ends the same batch, and maybe by others since. The key is kept before
// the batch is gone, so that it is always in one of two places.
func (s *Store) finish(ctx context.Context, d batchDocument) error {
	errs := make([]error, len(d.Steps))
	inParallel(len(d.Steps), func(i int) {
		one := d.Steps[i]
		_, errs[i] = s.in(one.Entity).UpdateOne(ctx, one.marked(d.ID), bson.Raw(one.Apply))
	})
	if err := errors.Join(errs...); err != nil {
		return s.failed(fmt.Sprintf("apply the decided batch %s", d.ID), err)
	}
	if d.Key != "" {
		replaces := int64(core.AnyVersion)
		if len(d.Steps) == 0 { // it is decided from the start, also where another one is done with its key
			replaces = 0
		}
		_, err := s.PutState(ctx, core.OnceOwner, d.Key, d.Result, replaces, time.Now().Add(time.Duration(d.KeepMS)*time.Millisecond))
		if err != nil && (replaces != 0 || core.CodeOf(err) != core.Conflict) {
			return err
		}
	}
	return s.close(ctx, d.ID)
}

// undo takes the marks away of a batch that was given up.
func (s *Store) undo(ctx context.Context, d batchDocument) error {
	errs := make([]error, len(d.Steps))
	inParallel(len(d.Steps), func(i int) {
		one := d.Steps[i]
		if one.New {
			_, errs[i] = s.in(one.Entity).DeleteOne(ctx, one.marked(d.ID))
		} else {
			_, errs[i] = s.in(one.Entity).UpdateOne(ctx, one.marked(d.ID), bson.Raw(one.Undo))
		}
	})
	if err := errors.Join(errs...); err != nil {
		return s.failed("give up the batch "+d.ID, err)
	}
	return s.close(ctx, d.ID)
}

func (one batchStep) marked(id string) bson.D {
	return bson.D{{Key: idField, Value: one.Record}, {Key: batchField, Value: id}}
}

func (s *Store) close(ctx context.Context, id string) error {
	_, err := s.batches().DeleteOne(ctx, bson.D{{Key: idField, Value: id}})
	return s.failed("close a batch", err)
}

// endedAtOnce is how many decided batches are looked for at a time.
const endedAtOnce = 50

// seenWhole makes sure, before the first read of a request, that whoever has seen one change
// of a batch sees all: what is decided is applied.
func (s *Store) seenWhole(ctx context.Context) error {
	return core.BeforeRequest(ctx, func() error { return s.EndBatches(ctx) })
}

// EndBatches applies the batches that were decided before, whoever has begun them. One that
// the server refuses stays.
func (s *Store) EndBatches(ctx context.Context) error {
	for {
		ended, err := s.endDecided(ctx)
		if err != nil || ended < endedAtOnce {
			return err
		}
	}
}

// endDecided applies some of the batches that are decided, and says how many it did. What
// the server refuses keeps nobody from reading: the timer of the batch shows it.
func (s *Store) endDecided(ctx context.Context) (ended int, err error) {
	// Whole, since a projection takes some engines as long as ten of these.
	cursor, err := s.batches().Find(ctx, bson.D{{Key: stateField, Value: decidedState}}, options.Find().SetLimit(endedAtOnce))
	if err != nil {
		return 0, s.failed("look for batches", err)
	}
	decided, err := all(ctx, cursor, func(raw bson.Raw) (d batchDocument, err error) {
		err = bson.Unmarshal(raw, &d)
		return d, err
	})
	if err != nil {
		return 0, s.failed("look for batches", err)
	}
	for _, d := range decided {
		switch err := s.finish(ctx, d); {
		case err == nil:
			ended++
		case core.CodeOf(err) == core.Unavailable:
			return ended, err
		}
	}
	return ended, nil
}
