package mongo

import (
	"context"
	"errors"
	"reflect"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// Forget takes what says something about a person out of the entries of these
// records. It goes the way of an entry, from the record to the journal, so that none slips
// past it.
func (s *Store) Forget(ctx context.Context, e *schema.Entity, ids []string) error {
	e = e.Stored()
	for _, step := range []func(context.Context, *schema.Entity, []string) error{s.forgetPending, s.forgetMoved, s.forgetDeliveries} {
		if err := step(ctx, e, ids); err != nil {
			return s.failed("forget the history of "+e.Plural, err)
		}
	}
	return nil
}

func (s *Store) forgetPending(ctx context.Context, e *schema.Entity, ids []string) error {
	filter := append(bson.D{{Key: idField, Value: bson.D{{Key: "$in", Value: ids}}}}, hasPending()...)
	cursor, err := s.collection(e).Find(ctx, filter)
	if err != nil {
		return err
	}
	entries, err := all(ctx, cursor, func(raw bson.Raw) ([]core.Entry, error) {
		return entriesIn(e.Name, raw.Lookup(idField).StringValue(), raw)
	})
	var writes rewriting
	for _, list := range entries {
		for _, entry := range list {
			at := bson.D{{Key: idField, Value: entry.RecordID}, {Key: journalField + "." + versionField, Value: entry.Version}}
			writes.add(e, entry, at, journalField+".$."+diffsField)
		}
	}
	return writes.to(ctx, s.collection(e), err)
}

func (s *Store) forgetMoved(ctx context.Context, e *schema.Entity, ids []string) error {
	errs := make([]error, len(ids))
	inParallel(len(ids), func(i int) {
		entries, err := s.moved(ctx, e, ids[i], 0, 0)
		var writes rewriting
		for _, entry := range entries {
			writes.add(e, entry, bson.D{{Key: idField, Value: journalID(e.Name, entry.RecordID, entry.Version)}}, diffsField)
		}
		errs[i] = writes.to(ctx, s.journal(), err)
	})
	return errors.Join(errs...)
}

func (s *Store) forgetDeliveries(ctx context.Context, e *schema.Entity, ids []string) error {
	cursor, err := s.deliveries().Find(ctx, bson.D{{Key: "entity", Value: e.Name}, {Key: "record", Value: bson.D{{Key: "$in", Value: ids}}}})
	if err != nil {
		return err
	}
	deliveries, err := all(ctx, cursor, decodeDelivery)
	var writes rewriting
	for _, d := range deliveries {
		writes.add(e, *d.Event.Entry, bson.D{{Key: idField, Value: deliveryID(d.Subscriber, d.Event.ID)}}, "entry."+diffsField)
	}
	return writes.to(ctx, s.deliveries(), err)
}

// rewriting are the updates of entries that say something about a person.
type rewriting []driver.WriteModel

func (w *rewriting) add(e *schema.Entity, entry core.Entry, at bson.D, field string) {
	left := entry.WithoutPII(e).Diffs
	if len(left) > 0 && !reflect.DeepEqual(left, entry.Diffs) {
		*w = append(*w, driver.NewUpdateOneModel().SetFilter(at).SetUpdate(bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: encodeDiffs(left)}}}}))
	}
}

// to makes the updates, unless there are none or reading has failed.
func (w rewriting) to(ctx context.Context, c collection, err error) error {
	if err != nil || len(w) == 0 {
		return err
	}
	_, _, err = c.BulkWrite(ctx, w, inTurn)
	return err
}
