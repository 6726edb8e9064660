package party

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Erasure is what an erasure came to, or with dryRun what it would come to.
type Erasure struct {
	Done    core.Action  // Erased; record.Unchanged when no record said anything about the person any more
	Party   *core.Record // as it is after the erasure
	Cleared []Cleared    // by entity
}

// Cleared are the records of one entity that lost what they said.
type Cleared struct {
	Entity  string
	Records int
	Fields  []string // storage paths, sorted
}

// eraser is one erasure on its way.
type eraser struct {
	*record.Session
	journal Journal
	dryRun  bool
	seen    map[string]bool // ids of records that refer to the party in several ways
	cleared map[string]*Cleared
}

// Erase takes what says something about the person (pii) out of the party, out
// of the duplicates that were merged into it and out of all records that refer
// to any of them, also deleted ones, and out of the history of these records.
// The records stay. Other parties that refer to it keep what they say of
// themselves.
//
//	records that refer to it → duplicates → the party itself
//
// Of each page the history is forgotten before it is cleared, so that an
// erasure which was cut off has left nothing behind where no later one looks,
// and once more afterwards, for what was written in between. The party comes
// last: party.erased says that all is done. An erasure that was cut off is
// finished by itself, see Resume, or when it is asked for again.
//
// Only administrators may. Rules of plugins are not asked: none may keep what
// has to go.
func (s *Service) Erase(ctx context.Context, on record.Basis, a core.Actor, id string, dryRun bool) (Erasure, error) {
	if dryRun {
		return s.erase(ctx, on, a, id, true, nil)
	}
	return s.erase(ctx, on, a, id, false, func() error { return s.remember(ctx, intent{Actor: a, Erase: id}) })
}

// erase does it all. begin, if any, is called before anything is written.
func (s *Service) erase(ctx context.Context, on record.Basis, a core.Actor, id string, dryRun bool, begin func() error) (Erasure, error) {
	if err := onlyAdmins(a, "erased"); err != nil {
		return Erasure{}, err
	}
	if err := s.Records.Knowing(); err != nil {
		return Erasure{}, err
	}
	e := on.Model.Entity(entity)
	on.Hooks = nil
	run := &eraser{Session: s.whole(on, a), journal: s.Journal, dryRun: dryRun, seen: map[string]bool{}, cleared: map[string]*Cleared{}}
	party, err := run.party(ctx, e, id)
	if err != nil {
		return Erasure{}, err
	}
	parties, err := duplicates(ctx, run.Session, e, id)
	if err != nil {
		return Erasure{}, err
	}
	parties = append(parties, party)
	if begin != nil {
		if err := begin(); err != nil {
			return Erasure{}, err
		}
	}
	for _, one := range parties {
		if err := run.references(ctx, e, one.ID); err != nil {
			return Erasure{}, err
		}
	}
	for _, one := range parties {
		if err := run.clear(ctx, e, []*core.Record{one}); err != nil {
			return Erasure{}, err
		}
	}
	result := Erasure{Done: record.Unchanged}
	for _, name := range slices.Sorted(maps.Keys(run.cleared)) {
		result.Done = core.Erased
		slices.Sort(run.cleared[name].Fields)
		result.Cleared = append(result.Cleared, *run.cleared[name])
	}
	result.Party, err = run.party(ctx, e, id)
	return result, err
}

// party loads the party, also a deleted one, but none that was merged: it is
// erased with the one that stands for it.
func (r *eraser) party(ctx context.Context, e *schema.Entity, id string) (*core.Record, error) {
	found, err := find(ctx, r.Session, e, id)
	if err != nil {
		return nil, err
	}
	into, merged := found[0].Values[schema.MergedField].(string)
	if !merged {
		return found[0], nil
	}
	other, err := find(ctx, r.Session, e, into)
	switch {
	case err != nil:
		return nil, err
	case mergedInto(other[0], found[0]):
		return nil, &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The parties %s and %s were merged into each other, and neither merge was finished. Finish one of the two merges first.", id, into)}
	}
	return nil, &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The party %s was merged into %s. Erase that one: its duplicates are erased with it.", id, into)}
}

// references clears what refers to a party.
func (r *eraser) references(ctx context.Context, e *schema.Entity, id string) error {
	for _, ref := range r.Model.ReferencesTo(e) {
		if ref.From == e || !ref.From.HasPII() {
			continue
		}
		for found, err := range referring(ctx, r.Session, ref, id) {
			if err != nil {
				return err
			}
			if err := r.clear(ctx, ref.From, found); err != nil {
				return err
			}
		}
	}
	return nil
}

// clear takes what records say about a person out of them and their history.
func (r *eraser) clear(ctx context.Context, e *schema.Entity, found []*core.Record) error {
	found = slices.DeleteFunc(found, func(one *core.Record) bool { return r.seen[one.ID] })
	ids := make([]string, len(found))
	drafts := make([]record.Draft, len(found))
	for i, one := range found {
		r.seen[one.ID] = true
		ids[i], drafts[i] = one.ID, record.Draft{Action: core.Erased, ID: one.ID}
	}
	if err := r.forget(ctx, e, ids); err != nil {
		return err
	}
	for i, saved := range r.Save(ctx, e, drafts, r.dryRun) {
		if saved.Err != nil {
			return fmt.Errorf("erase %s %s: %w", e.Name, ids[i], saved.Err)
		}
		if saved.Done == core.Erased {
			r.count(found[i], saved.Record)
		}
	}
	return r.forget(ctx, e, ids)
}

func (r *eraser) forget(ctx context.Context, e *schema.Entity, ids []string) error {
	if r.dryRun || len(ids) == 0 {
		return nil
	}
	return r.journal.Forget(ctx, e, ids)
}

func (r *eraser) count(before, after *core.Record) {
	c := r.cleared[before.Entity]
	if c == nil {
		c = &Cleared{Entity: before.Entity}
		r.cleared[before.Entity] = c
	}
	c.Records++
	for _, d := range core.Diffs(before.Values, after.Values) {
		if !slices.Contains(c.Fields, d.Path) {
			c.Fields = append(c.Fields, d.Path)
		}
	}
}
