package mongo

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	// rekeyBatch is how many records get their keys at a time, unless a test says otherwise.
	rekeyBatch = 500

	// rekeyLease is how long an instance that makes keys may be silent before
	// another one goes on in its place.
	rekeyLease = 30 * time.Second
	rekeyLook  = 200 * time.Millisecond
)

// sortingDocument is what is known of the keys of an entity's records: of which
// collation they are, for which paths, and where the search finds their words.
type sortingDocument struct {
	ID        string   `bson:"_id"`
	Collation string   `bson:"collation"`
	Paths     []string `bson:"paths"`
	Words     string   `bson:"words"`
	Searched  []string `bson:"searched"`

	Adding    []string `bson:"adding,omitempty"`    // paths whose keys are being made, and kept up already
	Searching []string `bson:"searching,omitempty"` // the same of places whose words are being made
	Making    string   `bson:"making,omitempty"`    // what is being made instead
	At        string   `bson:"at,omitempty"`        // the last record that has it
}

// keysFor is what the records of an entity must have.
func (s *Store) keysFor(m *schema.Model, e *schema.Entity) sortingDocument {
	return sortingDocument{ID: e.Name, Collation: s.collation.Name(), Paths: e.Collated(m.Roles(e)), Words: schema.WordsVersion, Searched: e.SearchPlaces()}
}

// covers says whether records that have these keys have those of another document
// too. Those of paths that no model has any more are not lost: every instance keeps
// them up. Where others are being made, or that was cut off, some records have
// these and some have those.
func (d sortingDocument) covers(other sortingDocument) bool {
	return d.Making == "" && d.Collation == other.Collation && d.Words == other.Words && hasAll(d.Paths, other.Paths) && hasAll(d.Searched, other.Searched)
}

func (s *Store) sorting() collection { return s.in(sortingCollection) }

// makeKeys makes the sort keys and the words of all records anew, unless they are
// there. One instance does it; the others wait. What was cut off goes on from where
// it was.
func (s *Store) makeKeys(ctx context.Context, m *schema.Model, e *schema.Entity) error {
	own := s.keysFor(m, e)
	var have, want sortingDocument
	return s.alone(ctx, "keys of "+e.Name, func() (done bool, err error) {
		have, want, err = s.keysBeside(ctx, e, own)
		return have.suffices(want), err
	}, func(renew func() error) error {
		return s.rekey(ctx, e, have, want, renew)
	})
}

// alone lets one instance do what is not done yet. The others wait, and one of them goes on
// where it is silent for too long.
func (s *Store) alone(ctx context.Context, what string, isDone func() (bool, error), do func(renew func() error) error) error {
	me := bson.NewObjectID().Hex()
	for {
		if done, err := isDone(); err != nil || done {
			return err
		}
		mine, err := s.Acquire(ctx, what, me, rekeyLease)
		if err != nil {
			return err
		}
		if mine {
			defer func() { _ = s.Release(context.WithoutCancel(ctx), what, me) }() // or it ends by itself
			if done, err := isDone(); err != nil || done {
				return err
			}
			return do(func() error {
				mine, err := s.Acquire(ctx, what, me, rekeyLease)
				if err == nil && !mine {
					err = &core.Error{Code: core.Unavailable, Message: "Another instance makes the " + what + ". It is tried again."}
				}
				return err
			})
		}
		select {
		case <-time.After(rekeyLook):
		case <-ctx.Done():
			return s.failed("make the "+what, ctx.Err())
		}
	}
}

// keysBeside are the keys that there are, and those that there have to be: also what
// instances of other models have made. What is searched no more loses its words when none
// of them runs.
func (s *Store) keysBeside(ctx context.Context, e *schema.Entity, own sortingDocument) (have, want sortingDocument, err error) {
	want = own
	if have, err = s.sortingOf(ctx, e); err != nil {
		return have, want, err
	}
	if have.Collation == want.Collation {
		want.Paths = unionOf(want.Paths, have.Paths)
	}
	if have.Words == want.Words && !hasAll(want.Searched, have.Searched) {
		others, err := s.Present(ctx)
		if err != nil {
			return have, want, err
		}
		if len(others) > 0 {
			want.Searched = unionOf(want.Searched, have.Searched)
		}
	}
	return have, want, nil
}

// suffices says whether no record has to be written anew.
func (d sortingDocument) suffices(want sortingDocument) bool {
	return d.covers(want) && hasAll(want.Searched, d.Searched)
}

func (s *Store) sortingOf(ctx context.Context, e *schema.Entity) (d sortingDocument, err error) {
	err = s.sorting().FindOne(ctx, bson.D{{Key: idField, Value: e.Name}}).Decode(&d)
	if errors.Is(err, driver.ErrNoDocuments) {
		err = nil
	}
	return d, s.failed("read of which collation the keys of "+e.Plural+" are", err)
}

// rekey goes through all records in the order of their ids.
func (s *Store) rekey(ctx context.Context, e *schema.Entity, have, want sortingDocument, renew func() error) error {
	doing := "make the sort keys of " + e.Plural
	have, err := s.beginKeys(ctx, e, have, want)
	if err != nil {
		return s.failed(doing, err)
	}
	for {
		records, err := s.after(ctx, e, have.At)
		if err != nil {
			return s.failed(doing, err)
		}
		if len(records) == 0 {
			break
		}
		if err := s.putKeys(ctx, e, keptKeys{paths: want.Paths, places: want.Searched}, records); err != nil {
			return s.writeFailed(doing, err)
		}
		have.At = records[len(records)-1].ID
		if err := s.putSorting(ctx, have); err != nil {
			return err
		}
		if err := renew(); err != nil {
			return s.failed(doing, err)
		}
	}
	return s.putSorting(ctx, want)
}

// beginKeys notes what is being made, before any record has it, unless that was begun
// already or there is no record.
func (s *Store) beginKeys(ctx context.Context, e *schema.Entity, have, want sortingDocument) (sortingDocument, error) {
	making := want.name()
	if have.Making == making {
		return have, nil
	}
	have.ID, have.Making, have.At, have.Adding, have.Searching = e.Name, making, "", nil, nil
	if have.Collation == want.Collation {
		have.Adding = want.Paths
	}
	if have.Words == want.Words {
		have.Searching = want.Searched
	}
	records, err := s.after(ctx, e, "")
	if err != nil || len(records) == 0 {
		return have, err
	}
	if err := s.putSorting(ctx, have); err != nil {
		return have, err
	}
	return have, s.letSee(ctx, have)
}

// name tells what is being made from anything else.
func (d sortingDocument) name() string {
	return strings.Join(append([]string{d.Collation, d.Words, d.ID}, slices.Concat(d.Paths, d.Searched)...), " ")
}

// after are the next records after an id that get their keys.
func (s *Store) after(ctx context.Context, e *schema.Entity, id string) ([]*core.Record, error) {
	cursor, err := s.collection(e).Find(ctx, bson.D{{Key: idField, Value: bson.D{{Key: "$gt", Value: id}}}},
		options.Find().SetSort(bson.D{{Key: idField, Value: 1}}).SetLimit(s.rekeyBatch).SetProjection(projection(nil)))
	if err != nil {
		return nil, err
	}
	return all(ctx, cursor, func(raw bson.Raw) (*core.Record, error) { return decodeRecord(e.Name, raw) })
}

func unionOf(a, b []string) []string {
	both := append(slices.Clone(a), b...)
	slices.Sort(both)
	return slices.Compact(both)
}

func (s *Store) putSorting(ctx context.Context, d sortingDocument) error {
	_, err := s.sorting().ReplaceOne(ctx, bson.D{{Key: idField, Value: d.ID}}, d, options.Replace().SetUpsert(true))
	return s.writeFailed("note of which collation the keys are", err)
}

// putKeys writes the keys and the words of records. One that has changed meanwhile has got
// them from whoever changed it.
func (s *Store) putKeys(ctx context.Context, e *schema.Entity, of keptKeys, records []*core.Record) error {
	var writes []driver.WriteModel
	for _, r := range records {
		keys := keysAt(of.paths, s.collation, r.Values)
		if words := e.SearchWords(r.Values, of.places...); len(words) > 0 {
			keys.set = append(keys.set, bson.E{Key: wordsField, Value: words})
		} else {
			keys.unset = append(keys.unset, wordsField)
		}
		change := bson.D{}
		if len(keys.set) > 0 {
			change = append(change, bson.E{Key: "$set", Value: keys.set})
		}
		if len(keys.unset) > 0 {
			change = append(change, bson.E{Key: "$unset", Value: unsetting(keys.unset)})
		}
		if len(change) > 0 {
			writes = append(writes, driver.NewUpdateOneModel().SetUpdate(change).
				SetFilter(bson.D{{Key: idField, Value: r.ID}, {Key: versionField, Value: r.Version}}))
		}
	}
	if len(writes) == 0 {
		return nil
	}
	_, _, err := s.collection(e).BulkWrite(ctx, writes, anyOrder)
	return err
}

// setting is the update that sets some fields and takes others away, of which there is one.
func setting(set bson.D, unset []string) bson.D {
	update := bson.D{{Key: "$unset", Value: unsetting(unset)}}
	if len(set) > 0 {
		update = append(update, bson.E{Key: "$set", Value: set})
	}
	return update
}

func unsetting(names []string) bson.D {
	gone := make(bson.D, len(names))
	for i, name := range names {
		gone[i] = bson.E{Key: name, Value: ""}
	}
	return gone
}
