package mongo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// restoreCollection has a document from when a restore begins until it is whole.
const restoreCollection = "xrm.restore"

const halfRestored = "The database is half restored: a restore is running, or was cut off. Let it end, or run xrm restore once more, which begins anew."

const (
	restoreLease = "restore"
	restoreTerm  = 15 * time.Second // for how long a restore that was killed stands in the way of the next one
	restoreWait  = 20 * time.Second
	cleanTime    = time.Minute
)

// whole returns an error for a database that is half restored.
func (s *Store) whole(ctx context.Context) error {
	err := s.in(restoreCollection).FindOne(ctx, bson.D{}).Err()
	switch {
	case err == nil:
		return &core.Error{Code: core.Invalid, Message: halfRestored}
	case errors.Is(err, driver.ErrNoDocuments):
		return nil
	}
	return s.failed("see whether the database is whole", err)
}

// Holdings counts what is there of each kind that a backup has, but for definitions and
// for what jobs of the core note about the rest, and nothing of a restore that was cut off.
func (s *Store) Holdings(ctx context.Context) (map[core.ItemKind]int64, error) {
	holdings := map[core.ItemKind]int64{}
	if core.CodeOf(s.whole(ctx)) == core.Invalid {
		return holdings, nil
	}
	collections, err := s.restored(ctx)
	if err != nil {
		return nil, err
	}
	delete(collections, definitionsCollection)
	for name, kind := range collections {
		n, err := s.in(name).CountDocuments(ctx, countedOf(kind))
		if err != nil {
			return nil, s.failed("see what the database has", err)
		}
		if n > 0 {
			holdings[kind] += n
		}
	}
	return holdings, nil
}

// countedOf leaves out what jobs of the core note, and what is no record.
func countedOf(kind core.ItemKind) bson.D {
	if kind == core.RecordItem {
		return isRecord()
	}
	if kind == core.StateItem || kind == core.JobRunItem {
		return bson.D{{Key: idField, Value: bson.D{{Key: "$not", Value: bson.Regex{Pattern: "^" + core.OwnPrefix}}}}}
	}
	return bson.D{}
}

// restored are the collections that a restore fills.
func (s *Store) restored(ctx context.Context) (map[string]core.ItemKind, error) {
	entities, err := s.entities(ctx)
	if err != nil {
		return nil, err
	}
	collections := map[string]core.ItemKind{}
	for _, name := range entities {
		collections[name] = core.RecordItem
	}
	for name, kept := range keeping() {
		if kept.kind != "" {
			collections[name] = kept.kind
		}
	}
	return collections, nil
}

// Restore fills an empty database, and makes its indexes when it is full. Until then
// it says that it is half restored, and nobody is served. When fill fails, what was
// written is removed.
func (s *Store) Restore(ctx context.Context, m *schema.Model, fill func(put func(context.Context, []core.Item) error) error) (err error) {
	release, err := s.holdRestore(ctx)
	if err != nil {
		return err
	}
	defer release()
	holdings, err := s.Holdings(ctx) // now that nobody else restores
	if err != nil {
		return err
	}
	if len(holdings) > 0 {
		return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The database is not empty any more: somebody has written a %s. Nothing was restored.", slices.Sorted(maps.Keys(holdings))[0])}
	}
	mark := s.in(restoreCollection)
	_, err = mark.ReplaceOne(ctx, bson.D{{Key: idField, Value: restoreLease}}, bson.D{{Key: "began", Value: time.Now()}}, options.Replace().SetUpsert(true))
	if err != nil {
		return s.failed("begin to restore the database", err)
	}
	filling := s.restoring(m)
	if err = s.clear(ctx); err == nil {
		err = fill(filling.put)
	}
	if err != nil {
		cleaning, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
		defer cancel()
		if s.clear(cleaning) == nil { // otherwise it stays half restored, and says so
			_, _ = mark.DeleteMany(cleaning, bson.D{})
		}
		return err
	}
	if err := filling.keyed(ctx); err != nil {
		return err
	}
	if err := s.indexJournal(ctx); err != nil {
		return err
	}
	building, cancel := context.WithTimeout(ctx, buildTime) // rather than the client's, for one operation
	defer cancel()
	if err := s.prepare(building, m); err != nil {
		return err
	}
	_, err = mark.DeleteMany(ctx, bson.D{})
	return s.writeFailed("end the restore", err)
}

// clear drops what a restore fills, with its indexes: what comes may fit them only
// as a whole.
func (s *Store) clear(ctx context.Context) error {
	collections, err := s.restored(ctx)
	if err != nil {
		return err
	}
	for _, name := range append(slices.Collect(maps.Keys(collections)), sortingCollection) {
		if err := s.in(name).Drop(ctx); err != nil {
			return s.failed("empty "+name, err)
		}
	}
	s.indexed.Store(false)
	s.keptKeys.Clear()
	return nil
}

// holdRestore sees to it that one process restores at a time.
func (s *Store) holdRestore(ctx context.Context) (release func(), err error) {
	holder := bson.NewObjectID().Hex()
	for until := time.Now().Add(restoreWait); ; {
		held, err := s.Acquire(ctx, restoreLease, holder, restoreTerm)
		if err != nil {
			return nil, err
		}
		if held {
			break
		}
		if time.Now().After(until) {
			return nil, &core.Error{Code: core.Conflict, Message: "Another process restores this database. Let it end, or stop it."}
		}
		if err := makeWay(ctx, 1); err != nil {
			return nil, s.failed("wait for another restore", err)
		}
	}
	renewing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(restoreTerm / 5)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_, _ = s.Acquire(renewing, restoreLease, holder, restoreTerm) // there is time for another try
			case <-renewing.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-done
		_ = s.Release(context.WithoutCancel(ctx), restoreLease, holder) // or it ends by itself
	}, nil
}
