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

// keptKeys has the paths whose sort keys every instance keeps up, also those that its own
// model has no index for: what it writes is looked for by instances of a later model.
type keptKeys struct {
	paths []string
	read  time.Time
}

// seeKept reads which sort keys of an entity are kept, beside a write, unless that was
// done lately. What it returns waits for that, and says whether there are others than
// the write can have known of.
func (s *Store) seeKept(ctx context.Context, e *schema.Entity) (others func() bool) {
	name, now := e.Stored().Name, time.Now()
	if k, known := s.keptIn(name); known && now.Sub(k.read) < s.keptFor {
		return func() bool { return false }
	}
	before := s.pathsOfKeys(name)
	found := make(chan bool, 1)
	go func() {
		d, err := s.sortingOf(ctx, e.Stored())
		if err != nil { // then the next write looks
			found <- false
			return
		}
		k := keptKeys{read: now}
		if d.Collation == s.collation.Name() {
			k.paths = unionOf(d.Paths, d.Adding)
		}
		s.keptKeys.Store(name, k)
		found <- slices.ContainsFunc(k.paths, func(path string) bool { return !slices.Contains(before, path) })
	}()
	return func() bool { return <-found }
}

// putKept writes the keys that the write of these changes did not know of. What fails is
// left to the check: the changes are made.
func (s *Store) putKept(ctx context.Context, e *schema.Entity, changes []core.Change, errs []error) {
	var written []*core.Record
	for i, c := range changes {
		if errs[i] == nil {
			written = append(written, c.After)
		}
	}
	k, _ := s.keptIn(e.Stored().Name)
	_ = s.putKeys(ctx, e.Stored(), k.paths, written)
}

// pathsOfKeys are those that this instance writes keys for: the paths of its own model,
// and what it knows of others.
func (s *Store) pathsOfKeys(name string) []string {
	d := s.declaredOf(name)
	if d == nil {
		return nil
	}
	k, _ := s.keptIn(name)
	if len(k.paths) == 0 {
		return d.collated
	}
	return unionOf(d.collated, k.paths)
}

func (s *Store) keptIn(name string) (keptKeys, bool) {
	known, _ := s.keptKeys.Load(name)
	k, ok := known.(keptKeys)
	return k, ok
}

// letSee waits until every instance that writes knows of the paths that are being added.
// One of the same collation keeps up their keys from then on, and no record is missed.
func (s *Store) letSee(ctx context.Context, have sortingDocument) error {
	if !slices.ContainsFunc(have.Adding, func(path string) bool { return !slices.Contains(have.Paths, path) }) {
		return nil
	}
	select {
	case <-time.After(2 * s.keptFor): // what was begun before is over as well
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
