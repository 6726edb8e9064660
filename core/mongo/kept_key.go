package mongo

import (
	"context"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// keptFor is how long an instance relies on what it has read of the keys that are kept.
const keptFor = 500 * time.Millisecond

// keptKeys are what an instance writes of a record beside it. Every instance keeps up what
// the database notes, also where its own model has no index or no search: what it writes
// is looked for by instances of a later model.
type keptKeys struct {
	paths  []string // of the texts that have sort keys
	places []string // where the search looks

	unique     []string // paths of the values that are claimed
	generation int64    // of the note that these are from
}

// covers says whether there is nothing else to be found by.
func (k keptKeys) covers(other keptKeys) bool {
	return hasAll(k.paths, other.paths) && hasAll(k.places, other.places)
}

// hasAll says whether all has each of some.
func hasAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(one string) bool { return !slices.Contains(all, one) })
}

// notedKeys are those that the database had when it was asked.
type notedKeys struct {
	keptKeys
	read time.Time
}

// keeping is what this instance writes of the records of an entity: what its own model asks
// for, and what it knows of others.
func (s *Store) keeping(e *schema.Entity) keptKeys {
	name := e.Stored().Name
	var own keptKeys
	if d := s.declaredOf(name); d != nil {
		own = keptKeys{paths: d.collated, places: d.searched, unique: d.claimed}
	}
	noted, known := s.noted(name)
	if !known {
		return own
	}
	own.generation = noted.generation
	if !own.covers(noted.keptKeys) {
		own.paths, own.places = unionOf(own.paths, noted.paths), unionOf(own.places, noted.places)
	}
	if !hasAll(own.unique, noted.unique) {
		own.unique = unionOf(own.unique, noted.unique)
	}
	return own
}

func (s *Store) noted(name string) (*notedKeys, bool) {
	known, _ := s.keptKeys.Load(name)
	k, ok := known.(*notedKeys)
	return k, ok
}

// learn keeps what the database was found to note. Of what is unique nothing is forgotten:
// what was read first may be told last.
func (s *Store) learn(name string, k *notedKeys) {
	for {
		known, loaded := s.keptKeys.LoadOrStore(name, k)
		if !loaded {
			return
		}
		if was := known.(*notedKeys); was.generation > k.generation {
			k.unique, k.generation = was.unique, was.generation
		}
		if s.keptKeys.CompareAndSwap(name, known, k) {
			return
		}
	}
}

// seeKept reads what is kept of an entity, beside a write, unless that was done lately.
// What it returns waits for that.
func (s *Store) seeKept(ctx context.Context, e *schema.Entity) (seen func()) {
	name, now := e.Stored().Name, time.Now()
	if k, known := s.noted(name); known && now.Sub(k.read) < s.keptFor {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.readKept(ctx, e) // or the next write looks
	}()
	return func() { <-done }
}

// readKept reads what is kept of an entity.
func (s *Store) readKept(ctx context.Context, e *schema.Entity) error {
	k := &notedKeys{read: time.Now()}
	name := e.Stored().Name
	cursor, err := s.sorting().Find(ctx, isIn(idField, bson.A{name, uniqueNoteID(name)}))
	if err == nil {
		_, err = all(ctx, cursor, func(raw bson.Raw) (struct{}, error) { return struct{}{}, s.readNote(k, name, raw) })
	}
	if err != nil {
		return s.failed("read what is kept beside "+e.Plural, err)
	}
	s.learn(name, k)
	return nil
}

func (s *Store) readNote(k *notedKeys, name string, raw bson.Raw) error {
	if raw.Lookup(idField).StringValue() != name {
		var n uniqueNote
		err := bson.Unmarshal(raw, &n)
		k.unique, k.generation = n.paths(), n.Generation
		return err
	}
	var d sortingDocument
	err := bson.Unmarshal(raw, &d)
	if d.Collation == s.collation.Name() {
		k.paths = unionOf(d.Paths, d.Adding)
	}
	if d.Words == schema.WordsVersion {
		k.places = unionOf(d.Searched, d.Searching)
	}
	return err
}

// putKept writes what the write of these records did not know of, if there is anything.
// What fails is left to the check: the changes are made.
func (s *Store) putKept(ctx context.Context, e *schema.Entity, knew keptKeys, written []*core.Record) {
	if now := s.keeping(e); !knew.covers(now) {
		_ = s.putKeys(ctx, e.Stored(), now, written)
	}
}

// madeOf are the records of those changes that are made.
func madeOf(changes []core.Change, errs []error) []*core.Record {
	var made []*core.Record
	for i, c := range changes {
		if errs[i] == nil {
			made = append(made, c.After)
		}
	}
	return made
}

// letSee waits until every instance that writes knows of what is being added. One of the
// same collation, or that makes the same words, keeps it up from then on, and no record is
// missed.
func (s *Store) letSee(ctx context.Context, have sortingDocument) error {
	if hasAll(have.Paths, have.Adding) && hasAll(have.Searched, have.Searching) {
		return nil
	}
	return s.untilSeen(ctx)
}

// untilSeen waits until every instance that writes has read what was noted before.
func (s *Store) untilSeen(ctx context.Context) error {
	select {
	case <-time.After(2 * s.keptFor): // what was begun before is over as well
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
