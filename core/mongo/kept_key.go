package mongo

import (
	"context"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// keptFor is how long an instance relies on what it has read of the keys that are kept.
const keptFor = 500 * time.Millisecond

// keptKeys are what an instance writes of a record beside it. Every instance keeps up what
// the database notes, also where its own model has no index or no search: what it writes
// is looked for by instances of a later model.
type keptKeys struct {
	paths  []string // of the texts that have sort keys
	places []string // where the search looks
}

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
	d := s.declaredOf(name)
	if d == nil {
		return keptKeys{}
	}
	own := keptKeys{d.collated, d.searched}
	if noted, _ := s.noted(name); !own.covers(noted.keptKeys) {
		return keptKeys{unionOf(own.paths, noted.paths), unionOf(own.places, noted.places)}
	}
	return own
}

func (s *Store) noted(name string) (notedKeys, bool) {
	known, _ := s.keptKeys.Load(name)
	k, ok := known.(notedKeys)
	return k, ok
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
		d, err := s.sortingOf(ctx, e.Stored())
		if err != nil { // then the next write looks
			return
		}
		k := notedKeys{read: now}
		if d.Collation == s.collation.Name() {
			k.paths = unionOf(d.Paths, d.Adding)
		}
		if d.Words == schema.WordsVersion {
			k.places = unionOf(d.Searched, d.Searching)
		}
		s.keptKeys.Store(name, k)
	}()
	return func() { <-done }
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
	select {
	case <-time.After(2 * s.keptFor): // what was begun before is over as well
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
