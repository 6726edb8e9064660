package mongo

import (
	"context"
	"errors"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// Commit makes each change by one write of one document: the record, its
// journal entry and so its event are there together or not at all.
func (s *Store) Commit(ctx context.Context, e *schema.Entity, changes []core.Change) []error {
	errs := make([]error, len(changes))
	if err := s.failed("write "+e.Plural, ctx.Err()); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	var created, updated, once []int
	for i, c := range changes {
		if errs[i] = c.Whole(); errs[i] != nil {
			continue
		}
		switch {
		case c.Once.Key != "":
			once = append(once, i)
		case c.Before == nil:
			created = append(created, i)
		default:
			updated = append(updated, i)
		}
	}
	knew, seen := s.keeping(e), s.seeKept(ctx, e)
	s.insert(ctx, e, changes, created, errs)
	s.update(ctx, e, changes, updated, errs)
	s.commitOnce(ctx, e, changes, once, errs)
	seen()
	s.seeKept(ctx, e)() // once more after a write that took long; another waits no longer for it
	s.putKept(ctx, e, knew, madeOf(changes, errs))
	return errs
}

// commitOnce makes changes with keys. The key is another document than the record, so that
// each change is a batch.
func (s *Store) commitOnce(ctx context.Context, e *schema.Entity, changes []core.Change, which []int, errs []error) {
	inParallel(len(which), func(n int) {
		i := which[n]
		b := core.Batch{ID: changes[i].Once.ID, Steps: []core.Step{{Entity: e, Change: changes[i]}}, Once: changes[i].Once}
		errs[i] = s.CommitAll(ctx, b)[0]
	})
}

// Joined says that one write is of one document: MongoDB has more only in a
// transaction, which not every server has that this store runs on.
func (s *Store) Joined() bool { return false }

// insert writes all new records with one command.
func (s *Store) insert(ctx context.Context, e *schema.Entity, changes []core.Change, which []int, errs []error) {
	for attempt := 1; len(which) > 0; attempt++ {
		which = s.insertOnce(ctx, e, changes, which, errs)
		if len(which) == 0 || attempt == attempts {
			return
		}
		if err := s.readKept(ctx, e); err != nil {
			for _, i := range which {
				errs[i] = err
			}
			return
		}
	}
}

// insertOnce returns which of the documents a fence has refused.
func (s *Store) insertOnce(ctx context.Context, e *schema.Entity, changes []core.Change, which []int, errs []error) (fenced []int) {
	var documents []any
	var sent []int // sent[n] is the change that documents[n] belongs to
	keeping := s.keeping(e)
	for _, i := range which {
		errs[i] = nil
		set, _, err := fieldsOf(e, nil, changes[i].After, nil, keeping.places)
		set = append(set, keysAt(keeping.paths, s.collation, changes[i].After.Values).whole()...)
		claims, _ := keeping.claimed(e, changes[i].After)
		set = append(set, claims...)
		if err != nil {
			errs[i] = s.failed("write "+e.Name, err)
			continue
		}
		document := append(bson.D{{Key: idField, Value: changes[i].After.ID}}, set...)
		documents = append(documents, append(document, bson.E{Key: journalField, Value: bson.A{encodeEntry(changes[i].Entry(e))}}))
		sent = append(sent, i)
	}
	if len(sent) == 0 {
		return nil
	}
	err := s.collection(e).InsertMany(ctx, documents, anyOrder)
	var some driver.BulkWriteException
	if errors.As(err, &some) && some.WriteConcernError == nil {
		for _, refused := range some.WriteErrors {
			i := sent[refused.Index]
			if isFenced(refused.WriteError) {
				fenced = append(fenced, i)
			}
			errs[i] = s.refused(ctx, e, changes[i], refused.WriteError)
		}
		return fenced
	}
	if err != nil {
		for _, i := range sent {
			errs[i] = s.writeFailed("create "+e.Name, err)
		}
	}
	return nil
}

// update writes each change by itself: a bulk would tell how many of its
// updates found their version, but not which. Changes of one record follow
// each other, those of different records do not wait.
func (s *Store) update(ctx context.Context, e *schema.Entity, changes []core.Change, which []int, errs []error) {
	var order []string
	byRecord := map[string][]int{}
	for _, i := range which {
		id := changes[i].After.ID
		if byRecord[id] == nil {
			order = append(order, id)
		}
		byRecord[id] = append(byRecord[id], i)
	}
	inParallel(len(order), func(n int) {
		for _, i := range byRecord[order[n]] {
			errs[i] = s.updateOne(ctx, e, changes[i])
		}
	})
}

func (s *Store) updateOne(ctx context.Context, e *schema.Entity, c core.Change) error {
	var result *driver.UpdateResult
	var unsent error
	err := s.byNote(ctx, e, func(keeping keptKeys) (err error) {
		var change bson.D
		if change, unsent = s.updating(ctx, e, c, keeping, ""); unsent == nil {
			result, err = s.collection(e).UpdateOne(ctx, replaces(c), change)
		}
		return err
	})
	switch {
	case unsent != nil:
		return unsent
	case err != nil:
		return s.refused(ctx, e, c, err)
	case result.MatchedCount == 0:
		return s.overtaken(ctx, e, c)
	}
	return nil
}

// replaces selects the version that a change replaces, unless a batch is to change it.
func replaces(c core.Change) bson.D {
	return bson.D{{Key: idField, Value: c.After.ID}, {Key: versionField, Value: c.Before.Version}, {Key: batchField, Value: nil}}
}

// updating is the update that makes a change, of a record or, without Before, of what
// holds its place. batch is in the entry, "" for none, and leaves are fields that it takes
// away besides.
func (s *Store) updating(ctx context.Context, e *schema.Entity, c core.Change, keeping keptKeys, batch string, leaves ...string) (bson.D, error) {
	var lies lying
	if c.Before != nil {
		lies = s.lyingIn(ctx, e, c.Before)
	}
	set, unset, err := fieldsOf(e, c.Before, c.After, lies, keeping.places)
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil, stale(c, nil)
	}
	if err != nil {
		return nil, s.failed("write "+e.Name, err)
	}
	keys := keysAt(keeping.paths, s.collation, c.After.Values)
	set, unset = append(set, keys.set...), append(append(unset, keys.unset...), leaves...)
	claims, none := keeping.claimed(e, c.After)
	set, unset = append(set, claims...), append(unset, none...)
	entry := c.Entry(e)
	entry.Batch = batch
	return bson.D{
		{Key: "$set", Value: set},
		{Key: "$push", Value: bson.D{{Key: journalField, Value: encodeEntry(entry)}}},
		{Key: "$unset", Value: unsetting(unset)},
	}, nil
}

func (s *Store) refused(ctx context.Context, e *schema.Entity, c core.Change, err error) error {
	if isDuplicate(err) && !isFenced(err) {
		return s.duplicate(ctx, e, c, err)
	}
	return s.writeFailed("write "+e.Name, err)
}
