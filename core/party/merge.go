package party

import (
	"context"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Merger is what a merge came to, or with dryRun what it would come to.
type Merger struct {
	Done       core.Action         // Merged; record.Unchanged when the two were merged already and nothing was left to do
	Party      *core.Record        // the party that stays, as the actor sees it
	References map[string]int      // how many records of an entity were turned to it, of the living ones that the actor sees to refer to from
	Deleted    map[string][]string // ids, by entity, of the living records that the actor sees and that would lead to one party twice: they are deleted
	Taken      []string            // storage paths of the values that it has from the duplicate
	Kept       []string            // of those where both had one: its own stays
}

// merge is one merge on its way.
type merge struct {
	*record.Session // the actor, bound by no role
	user            *record.Session
	e               *schema.Entity
	from, into      string
	dryRun          bool
	result          *Merger
	deleted         bool            // the duplicate is, or may be
	turned          bool            // something was
	rehearsed       map[string]bool // ids of records that a dry run has been at: they go on to refer to the duplicate
}

// Merge makes one party of two: into stays, from is deleted and says whom it
// was merged into. What refers to from is turned to into, by ordinary saves;
// roles and values that into lacks it gets from from, those that it has stay.
// Deleted records are turned like living ones, with a line in their history, so
// that one which is restored later refers to into; plugins are asked about it
// only then.
//
//	turn references → delete from → take over → turn references that came meanwhile
//
// The deletion comes before the values, since unique ones such as the customer
// number can only move once nobody living has them; the deleted record keeps
// all of its values, so nothing is lost in between. A merge that was cut off
// goes on where it was by itself, see Resume, or when it is asked for again; of two in opposite
// directions that were cut off when both parties were deleted, the one that is
// asked for again restores its into and goes on. A rule of a plugin that
// refuses a step is the error, and before the deletion it leaves both parties
// alive.
//
// The actor must be allowed to delete from, to see in it and to write what into
// takes over, and to restore into if need be; the records that refer to from
// are turned whether or not the actor sees them.
func (s *Service) Merge(ctx context.Context, on record.Basis, a core.Actor, from, into string, dryRun bool) (Merger, error) {
	if err := s.Records.Knowing(); err != nil {
		return Merger{}, err
	}
	g := s.newMerge(on, a, from, into, dryRun)
	if dryRun {
		return g.run(ctx, nil)
	}
	wanted := intent{Actor: a, From: from, Into: into}
	begun := false
	result, err := g.run(ctx, func(loser *core.Record) error {
		wanted.Version, begun = loser.Version, true
		return s.remember(ctx, wanted)
	})
	switch {
	case err == nil:
		wanted.Merged = true
		_ = s.remember(ctx, wanted) // or what was remembered before looks again
	case begun && !g.deleted:
		s.forget(ctx, wanted)
	}
	return result, err
}

func (s *Service) newMerge(on record.Basis, a core.Actor, from, into string, dryRun bool) *merge {
	return &merge{
		Session: s.whole(on, a), user: s.Records.As(a, on), e: on.Model.Entity(entity), from: from, into: into, dryRun: dryRun,
		result: &Merger{References: map[string]int{}}, rehearsed: map[string]bool{},
	}
}

// run does it all. begin, if any, is called before anything is written.
func (g *merge) run(ctx context.Context, begin func(loser *core.Record) error) (Merger, error) {
	if err := seen(ctx, g.user, g.e, g.from, g.into); err != nil {
		return Merger{}, err
	}
	loser, winner, err := g.pair(ctx)
	if err != nil {
		return Merger{}, err
	}
	plan := takeover(g.Model, g.e, loser, winner)
	g.result.Taken = plan.taken
	if g.result.Kept, err = g.kept(loser, winner); err != nil {
		return Merger{}, err
	}
	if err := g.may(ctx, loser, winner, plan); err != nil {
		return Merger{}, err
	}
	g.deleted = loser.Deleted()
	if begin != nil {
		if err := begin(loser); err != nil {
			return Merger{}, err
		}
	}
	if err := g.carryOut(ctx, loser, plan); err != nil {
		return Merger{}, err
	}
	if g.result.Done = core.Merged; loser.Deleted() && len(plan.drafts) == 0 && !g.turned {
		g.result.Done = record.Unchanged
	}
	stays, err := g.user.Load(ctx, g.e, []string{g.into}, nil)
	g.result.Party = stays[g.into]
	return *g.result, err
}

// carryOut goes through the steps, of a merge that was cut off through those
// that are left.
func (g *merge) carryOut(ctx context.Context, loser *core.Record, plan plan) error {
	if !loser.Deleted() {
		var err error
		if plan, err = g.remove(ctx, plan); err != nil || g.dryRun {
			return err
		}
	}
	if g.dryRun {
		if err := g.rehearse(ctx, plan.drafts); err != nil {
			return err
		}
	} else if err := g.save(ctx, plan.drafts...); err != nil {
		return err
	}
	return g.turnReferences(ctx)
}

// remove deletes the duplicate when nothing refers to it any more. It returns
// what is to be taken over then: what was written to either of them meanwhile
// counts, and is held against the user's rights as well.
func (g *merge) remove(ctx context.Context, plan plan) (plan, error) {
	deletion := record.Draft{Action: core.Merged, ID: g.from, MergeInto: g.into}
	if err := g.rehearse(ctx, append(plan.drafts, deletion)); err != nil {
		return plan, err
	}
	if err := g.turnReferences(ctx); err != nil || g.dryRun {
		return plan, err
	}
	g.deleted = true
	if err := g.save(ctx, deletion); err != nil {
		g.deleted = core.CodeOf(err) == core.Unavailable // whether it was carried out is not known
		return plan, err
	}
	loser, winner, err := g.pair(ctx)
	if err == nil && winner.Deleted() {
		err = g.gone(ctx, winner)
	}
	if err == nil {
		plan = takeover(g.Model, g.e, loser, winner)
		g.result.Taken = plan.taken
		err = g.may(ctx, loser, winner, plan)
	}
	if code := core.CodeOf(err); code == core.Conflict || code == core.Forbidden {
		// The other one is gone, perhaps into this very duplicate, or may not get
		// what this one has by now: it must not be lost.
		restored := g.save(ctx, record.Draft{Action: core.Restored, ID: g.from, Unmerge: true})
		g.deleted = restored != nil
		err = errors.Join(err, restored)
	}
	return plan, err
}

// rehearse asks all rules before anything is written. That values are taken
// is no wonder while the duplicate lives. What follows a restoration cannot be
// asked before it is made.
func (g *merge) rehearse(ctx context.Context, drafts []record.Draft) error {
	if len(drafts) > 0 && drafts[0].Action == core.Restored {
		drafts = drafts[:1]
	}
	for _, r := range g.Save(ctx, g.e, drafts, true) {
		if r.Err != nil && !isTaken(r.Err) {
			return r.Err
		}
	}
	return nil
}

// save writes drafts one after the other and stops at the first that is refused.
func (g *merge) save(ctx context.Context, drafts ...record.Draft) error {
	for _, d := range drafts {
		if err := g.Save(ctx, g.e, []record.Draft{d}, false)[0].Err; err != nil {
			return fmt.Errorf("merge party %s into %s: %w", g.from, g.into, err)
		}
	}
	return nil
}

func isTaken(err error) bool {
	var ours *core.Error
	return errors.As(err, &ours) && ours.Code == core.Conflict && len(ours.Violations) > 0 && ours.Violations[0].Rule == "unique"
}
