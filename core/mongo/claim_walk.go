package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// makeClaims sees to it that all unique values of an entity are claimed, and stay so,
// whoever writes. One instance does it; the others wait. Why no duplicate slips in stands in
// core/decisions/0018-claims-hold-what-is-unique.md.
func (s *Store) makeClaims(ctx context.Context, e *schema.Entity) error {
	var have uniqueNote
	err := s.alone(ctx, "unique values of "+e.Name, func() (done bool, err error) {
		have, err = s.uniqueNoteOf(ctx, e)
		return have.is(uniqueWanted(e, have.paths())), err
	}, func(renew func() error) (err error) {
		have, err = s.turnNote(ctx, e, have)
		s.learn(e.Name, have.kept())
		if err == nil && len(have.Claiming) > 0 {
			have, err = s.claimAll(ctx, e, have, renew)
		}
		return err
	})
	s.learn(e.Name, have.kept())
	return err
}

// turnNote notes what is to be claimed, before any record has it. Who has made the first
// note of a collection and then finds it empty is ahead of everybody who writes.
func (s *Store) turnNote(ctx context.Context, e *schema.Entity, have uniqueNote) (uniqueNote, error) {
	want := uniqueWanted(e, have.paths())
	if slices.Equal(have.paths(), want) && have.Generation > 0 { // it was cut off
		return have, nil
	}
	have.ID = uniqueNoteID(e.Name)
	next := have.turned(want)
	if err := s.putNote(ctx, next, have.Generation); err != nil {
		return have, err
	}
	if next.Generation > 1 {
		if len(want) == 0 { // whoever goes by an older note may do so
			return next, s.failed("drop what keeps others from writing "+e.Plural, s.dropFences(ctx, e, next.Generation))
		}
		return next, nil
	}
	err := s.collection(e).FindOne(ctx, bson.D{}).Err()
	if errors.Is(err, driver.ErrNoDocuments) {
		next = next.done()
		return next, s.putNote(ctx, next, next.Generation)
	}
	return next, s.failed("look for "+e.Plural, err)
}

// claimAll gives every record its claims, until nobody can write one without.
func (s *Store) claimAll(ctx context.Context, e *schema.Entity, note uniqueNote, renew func() error) (uniqueNote, error) {
	doing := "claim the unique values of " + e.Plural
	for pass := 1; ; pass++ {
		shared, err := s.claimBehind(ctx, e, note, renew)
		if shared != nil {
			_ = s.putNote(ctx, note.turned(note.Claimed), note.Generation) // or the next start sees to it
			return note, shared
		}
		if err != nil {
			return note, s.failed(doing, err)
		}
		var fenced error
		if note.Generation > 1 { // or there is nothing older
			fenced = s.fence(ctx, e, note.Generation)
		}
		left, err := s.behindIn(ctx, e, note, "", 1)
		if err == nil && len(left) == 0 {
			err = fenced
		}
		if err != nil {
			return note, s.failed(doing, err)
		}
		if len(left) == 0 {
			done := note.done()
			return done, s.putNote(ctx, done, note.Generation)
		}
		if pass == attempts {
			return note, fmt.Errorf("%s: %s %s is changed all the time, or was written by no xrm", doing, e.Name, left[0].Lookup(idField).StringValue())
		}
		wait := func(ctx context.Context) error { return makeWay(ctx, pass) }
		if pass == 1 {
			wait = s.untilSeen // from then on all that write go by the note, but those that sleep
		}
		if err := wait(ctx); err != nil {
			return note, s.failed(doing, err)
		}
	}
}

// behindIn are the next documents after an id that go by an older note.
func (s *Store) behindIn(ctx context.Context, e *schema.Entity, note uniqueNote, id string, most int64) ([]bson.Raw, error) {
	cursor, err := s.collection(e).Find(ctx, bson.D{
		{Key: idField, Value: bson.D{{Key: "$gt", Value: id}}},
		{Key: notedField, Value: bson.D{{Key: "$not", Value: bson.D{{Key: "$gte", Value: note.Generation}}}}},
		{Key: "$or", Value: bson.A{
			bson.D{{Key: liveField, Value: true}},
			bson.D{{Key: notedField, Value: bson.D{{Key: "$gte", Value: int64(0)}}}}, // a batch is to create it
		}},
	}, options.Find().SetSort(bson.D{{Key: idField, Value: 1}}).SetLimit(most).SetProjection(bson.D{{Key: journalField, Value: 0}}))
	if err != nil {
		return nil, err
	}
	return all(ctx, cursor, func(raw bson.Raw) (bson.Raw, error) { return slices.Clone(raw), nil })
}

// claimBehind goes through all that is behind, in the order of the ids, which is that of
// their ages: it ends at the last one, or would follow those who write for as long as they
// do. What has a mark waits for its batch. shared says which value two records have, so that
// it cannot be unique.
func (s *Store) claimBehind(ctx context.Context, e *schema.Entity, note uniqueNote, renew func() error) (shared, err error) {
	for at := ""; ; {
		found, err := s.behindIn(ctx, e, note, at, s.rekeyBatch)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		at = found[len(found)-1].Lookup(idField).StringValue()
		if shared, err := s.claimThese(ctx, e, note, found); shared != nil || err != nil {
			return shared, err
		}
		if err := renew(); err != nil || int64(len(found)) < s.rekeyBatch {
			return nil, err
		}
	}
}

func (s *Store) claimThese(ctx context.Context, e *schema.Entity, note uniqueNote, found []bson.Raw) (shared, err error) {
	keeping := keptKeys{unique: note.paths(), generation: note.Generation}
	var writes []driver.WriteModel
	var records []*core.Record
	for _, raw := range found {
		r, err := decodeRecord(e.Name, raw)
		if err != nil {
			return nil, err
		}
		if batch, marked := raw.Lookup(batchField).StringValueOK(); marked {
			if err := s.behind(ctx, waitsFor{batch, r.ID}, core.Step{Entity: e}, nil); err != nil {
				return nil, err
			}
			continue // and look once more
		}
		set, unset := keeping.claimed(e, r)
		records = append(records, r)
		writes = append(writes, driver.NewUpdateOneModel().SetUpdate(setting(set, unset)).SetFilter(
			bson.D{{Key: idField, Value: r.ID}, {Key: versionField, Value: r.Version}, {Key: batchField, Value: nil}}))
	}
	if len(writes) == 0 {
		return nil, nil
	}
	_, _, err = s.collection(e).BulkWrite(ctx, writes, anyOrder)
	var some driver.BulkWriteException
	if !errors.As(err, &some) || some.WriteConcernError != nil {
		return nil, err
	}
	for _, refused := range some.WriteErrors {
		if !isDuplicate(refused.WriteError) {
			return nil, err
		}
		if shared, err := s.sharing(ctx, e, keeping, records[refused.Index]); shared != nil || err != nil {
			return shared, err
		}
	}
	return nil, nil
}

// sharing says with which values a record is in the way of a unique field, unless a batch
// is about to give one up.
func (s *Store) sharing(ctx context.Context, e *schema.Entity, keeping keptKeys, r *core.Record) (shared, err error) {
	h, err := s.holderOf(ctx, e, r, keeping)
	if err != nil {
		return nil, err
	}
	if h.waits.batch != "" {
		return nil, s.behind(ctx, h.waits, core.Step{Entity: e}, nil)
	}
	if h.path == "" { // it is free by now
		return nil, nil
	}
	for _, path := range keeping.unique {
		found, err := s.sharedAt(ctx, e, path)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return core.NotUnique(e, path, found), nil
		}
	}
	value := fmt.Sprint(schema.Lookup(r.Values, h.path)) // of two types
	return core.NotUnique(e, h.path, []core.Shared{{Value: value, Records: 2, IDs: []string{h.record, r.ID}}}), nil
}
