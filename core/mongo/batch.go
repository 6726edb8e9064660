package mongo

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// batchDocument is a batch on its way. It is there from before its first mark until all
// is applied or taken back.
type batchDocument struct {
	ID     string      `bson:"_id"`
	Key    string      `bson:"key,omitempty"`
	Result []byte      `bson:"result,omitempty"`
	KeepMS int64       `bson:"keepMS,omitempty"` // how long the key is kept
	State  string      `bson:"state"`
	Steps  []batchStep `bson:"steps"`
}

// batchStep is what becomes of one document. The updates are BSON within BSON, since
// their names have dots.
type batchStep struct {
	Entity string `bson:"entity"`
	Record string `bson:"record"`
	New    bool   `bson:"new,omitempty"`
	Apply  []byte `bson:"apply"`
	Undo   []byte `bson:"undo,omitempty"`

	mark bson.D // what the document gets before the decision; of a new one, all of it
}

// The states of a batch. From pending it goes to one of the others, by one write of one
// document, and then nowhere.
const (
	pendingState = "pending"
	decidedState = "decided"
	abortedState = "aborted"
	stateField   = "state"
)

func batchIndexes() []driver.IndexModel {
	return []driver.IndexModel{{
		Keys: bson.D{{Key: "key", Value: 1}},
		Options: options.Index().SetName("key").SetUnique(true).SetPartialFilterExpression(bson.D{
			{Key: "key", Value: bson.D{{Key: "$exists", Value: true}}},
		}),
	}}
}

func (s *Store) batches() collection { return s.in(batchesCollection) }

// CommitAll marks all documents of a batch, decides by one write, and then changes the
// documents. What that promises, and why, is core/decisions/0016-several-records-or-none.md.
func (s *Store) CommitAll(ctx context.Context, b core.Batch) []error {
	for attempt := 1; ; attempt++ {
		errs := s.commitAll(ctx, b)
		if !slices.ContainsFunc(errs, isFenced) {
			return errs
		}
		behind := s.readKeptOf(ctx, b)
		if behind == nil && attempt < attempts {
			continue
		}
		for i, err := range errs {
			if isFenced(err) {
				errs[i] = cmp.Or(behind, s.failed("hold "+b.Steps[i].Entity.Name, err))
			}
		}
		return errs
	}
}

func (s *Store) commitAll(ctx context.Context, b core.Batch) []error {
	errs := make([]error, max(1, len(b.Steps)))
	fail := func(err error) []error {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	if err := s.failed("write a batch", ctx.Err()); err != nil {
		return fail(err)
	}
	finally := context.WithoutCancel(ctx) // what is begun is ended, here or elsewhere
	keeping := s.keepingAll(ctx, b)
	document := batchDocument{ID: b.ID, Key: b.Once.Key, Result: b.Once.Result, KeepMS: b.Once.Keep.Milliseconds(), State: pendingState, Steps: make([]batchStep, len(b.Steps))}
	refused := false
	for i, one := range b.Steps {
		document.Steps[i], errs[i] = s.step(ctx, b, one, keeping[one.Entity])
		refused = refused || errs[i] != nil
	}
	if refused {
		return errs
	}
	if len(b.Steps) == 0 { // there is nothing to decide: whoever reads next ends it
		document.State = decidedState
	}
	if err := s.begin(ctx, document); err != nil {
		return fail(err)
	}
	if len(b.Steps) == 0 {
		_ = s.finish(finally, document)
		return errs
	}
	waits := make([]waitsFor, len(b.Steps))
	inParallel(len(b.Steps), func(i int) {
		waits[i], errs[i] = s.mark(ctx, b.ID, document.Steps[i], b.Steps[i])
	})
	if oneOf(errs) {
		if err := s.giveUp(finally, document); err != nil {
			return fail(err)
		}
		return s.behindAll(ctx, waits, b, errs) // now that nobody waits for this one
	}
	decided, lost := s.decide(ctx, b.ID)
	if lost != nil {
		state, err := s.end(finally, b.ID)
		if err != nil || state == "" { // who saw it decided may have applied it, and closed it
			return fail(s.writeFailed("decide a batch", lost))
		}
		decided = state == decidedState
	}
	if !decided {
		_ = s.undo(finally, document) // marks that came after whoever gave it up; the timer sees to the rest
		for i, one := range b.Steps {
			errs[i] = stale(one.Change, nil)
		}
		return errs
	}
	_ = s.finish(finally, document) // what is decided is committed: who reads, or the timer, ends the rest
	s.putKeptAll(finally, b, keeping)
	return errs
}

// behindAll waits for all batches that were in the way.
func (s *Store) behindAll(ctx context.Context, waits []waitsFor, b core.Batch, errs []error) []error {
	for i, w := range waits {
		if w.batch != "" {
			errs[i] = s.behind(ctx, w, b.Steps[i], errs[i])
		}
	}
	return errs
}

// step encodes a change before anything is written.
func (s *Store) step(ctx context.Context, of core.Batch, one core.Step, keeping keptKeys) (batchStep, error) {
	if err := one.Whole(); err != nil {
		return batchStep{}, err
	}
	e, c, id := one.Entity, one.Change, of.ID
	apply, err := s.updating(ctx, e, c, keeping, cmp.Or(of.Once.Key, id), batchField)
	if err != nil {
		return batchStep{}, err
	}
	b := batchStep{Entity: e.Stored().Name, Record: c.After.ID, New: c.Before == nil}
	mark := bson.D{{Key: batchField, Value: id}, {Key: notedField, Value: keeping.generation}}
	if both := withBoth(keeping.claimsOf(e, c.Before), keeping.claimsOf(e, c.After)); len(both) > 0 {
		mark = append(mark, bson.E{Key: claimsField, Value: both})
	}
	if b.New {
		b.mark = append(bson.D{{Key: idField, Value: c.After.ID}}, mark...)
	} else {
		b.mark = bson.D{{Key: "$set", Value: mark}}
		before, none := keeping.claimed(e, c.Before)
		if b.Undo, err = bson.Marshal(setting(before, append(none, batchField))); err != nil {
			return b, fmt.Errorf("write %s: %w", e.Name, err)
		}
	}
	b.Apply, err = bson.Marshal(apply)
	if err != nil {
		err = fmt.Errorf("write %s: %w", e.Name, err)
	}
	return b, err
}

// begin writes down the batch, unless another one with its key is done. One that is on its
// way with that key is waited for.
func (s *Store) begin(ctx context.Context, d batchDocument) error {
	for {
		_, err := s.batches().InsertOne(ctx, d)
		if err != nil && !isDuplicate(err) {
			return s.failed("begin a batch", err)
		}
		if d.Key == "" {
			return s.failed("begin a batch", err)
		}
		if err != nil {
			if err := s.await(ctx, bson.D{{Key: "key", Value: d.Key}}); err != nil {
				return err
			}
		}
		_, done, stateErr := s.State(ctx, core.OnceOwner, d.Key)
		if err == nil && (stateErr != nil || done != 0) { // it has no marks yet
			_ = s.close(context.WithoutCancel(ctx), d.ID)
		}
		switch {
		case stateErr != nil:
			return stateErr
		case done != 0:
			return core.DoneBefore(d.Key)
		case err == nil:
			return nil
		}
	}
}

// decide is the one write that commits all. It says whether it did: somebody may have
// given the batch up.
func (s *Store) decide(ctx context.Context, id string) (bool, error) {
	result, err := s.batches().UpdateOne(ctx,
		bson.D{{Key: idField, Value: id}, {Key: stateField, Value: pendingState}},
		bson.D{{Key: "$set", Value: bson.D{{Key: stateField, Value: decidedState}}}})
	if err != nil {
		return false, err
	}
	return result.MatchedCount > 0, nil
}

func withBoth(a, b bson.A) bson.A {
	both := append(bson.A{}, a...)
	for _, one := range b {
		if !slices.Contains(both, one) {
			both = append(both, one)
		}
	}
	return both
}

func oneOf(errs []error) bool {
	return slices.ContainsFunc(errs, func(err error) bool { return err != nil })
}
