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
	Done       core.Action    // Merged; record.Unchanged when the two were merged already and nothing was left to do
	Party      *core.Record   // the party that stays, as the actor sees it
	References map[string]int // how many records of an entity were turned to it, of the living ones that the actor sees to refer to from
	Taken      []string       // storage paths of the values that it has from the duplicate
	Kept       []string       // of those where both had one: its own stays
}

// merge is one merge on its way.
type merge struct {
	*record.Session // the actor, bound by no role
	user            *record.Session
	e               *schema.Entity
	from, into      string
	dryRun          bool
	result          *Merger
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
// goes on where it was when it is asked for again; of two in opposite
// directions that were cut off when both parties were deleted, the one that is
// asked for again restores its into and goes on. A rule of a plugin that
// refuses a step is the error, and before the deletion it leaves both parties
// alive.
//
// The actor must be allowed to delete from, to see in it and to write what into
// takes over, and to restore into if need be; the records that refer to from
// are turned whether or not the actor sees them.
func (s *Service) Merge(ctx context.Context, on record.Basis, a core.Actor, from, into string, dryRun bool) (Merger, error) {
	e := on.Model.Entity(entity)
	user := s.Records.As(a, on)
	if err := seen(ctx, user, e, from, into); err != nil {
		return Merger{}, err
	}
	result := Merger{References: map[string]int{}}
	run := &merge{Session: s.whole(on, a), user: user, e: e, from: from, into: into, dryRun: dryRun, result: &result, rehearsed: map[string]bool{}}
	loser, winner, err := run.pair(ctx)
	if err != nil {
		return Merger{}, err
	}
	plan := takeover(on.Model, e, loser, winner)
	result.Taken = plan.taken
	if result.Kept, err = run.kept(loser, winner); err != nil {
		return Merger{}, err
	}
	if err := run.may(ctx, loser, winner, plan); err != nil {
		return Merger{}, err
	}
	if err := run.carryOut(ctx, loser, plan); err != nil {
		return Merger{}, err
	}
	if result.Done = core.Merged; loser.Deleted() && len(plan.drafts) == 0 && !run.turned {
		result.Done = record.Unchanged
	}
	stays, err := user.Load(ctx, e, []string{into}, nil)
	result.Party = stays[into]
	return result, err
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
	if err := g.save(ctx, deletion); err != nil {
		return plan, err
	}
	loser, winner, err := g.pair(ctx)
	if err == nil && winner.Deleted() {
		err = gone(winner)
	}
	if err == nil {
		plan = takeover(g.Model, g.e, loser, winner)
		g.result.Taken = plan.taken
		err = g.may(ctx, loser, winner, plan)
	}
	if code := core.CodeOf(err); code == core.Conflict || code == core.Forbidden {
		// The other one is gone, perhaps into this very duplicate, or may not get
		// what this one has by now: it must not be lost.
		err = errors.Join(err, g.save(ctx, record.Draft{Action: core.Restored, ID: g.from}))
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
