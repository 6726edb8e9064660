package party

import (
	"context"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// may refuses a merge unless the user might do as much to the two parties by
// himself: delete the one, write what it has into the other, and grant its roles
// to it. As in every update, the winner must fit his rules as it is and as it will be.
func (g *merge) may(ctx context.Context, loser, winner *core.Record, plan plan) error {
	if err := g.user.MayWrite(ctx, g.e, core.Merged, nil, loser); err != nil {
		return err
	}
	if winner.Deleted() {
		if err := g.user.MayWrite(ctx, g.e, core.Restored, nil, winner); err != nil {
			return err
		}
	}
	fields, err := g.passed(loser, winner, plan)
	if err != nil {
		return err
	}
	fields = slices.DeleteFunc(slices.Clone(fields), plan.comesWithARole)
	after, err := g.user.Applied(g.e, winner, plan.drafts)
	if err != nil {
		return err
	}
	for _, r := range []*core.Record{winner, after} {
		if err := g.user.MayWrite(ctx, g.e, core.Updated, fields, r); err != nil {
			return err
		}
	}
	for _, d := range plan.drafts {
		if !granting(d) {
			continue
		}
		if err := g.user.MayWrite(ctx, d.Grant, record.Granted, slices.Collect(maps.Keys(d.Set)), after); err != nil {
			return err
		}
	}
	return nil
}

// granting says whether a draft gives a role that is held from then on, and not only
// what is left of one.
func granting(d record.Draft) bool { return d.Grant != nil && d.Withdraw == nil }

// comesWithARole says whether a value is taken with a role that is granted, and so
// by that right.
func (p plan) comesWithARole(path string) bool {
	return slices.ContainsFunc(p.drafts, func(d record.Draft) bool {
		_, set := d.Set[path]
		return set && granting(d)
	})
}

// passed lists the fields that the user must be allowed to write, and refuses
// a merge that shows in the winner what he does not see in the loser. Lists
// count even if the winner has all of their items, or else the outcome would
// tell of each guess whether it is in a list that he does not see. The error
// names no field, since that would tell which of them have a value.
func (g *merge) passed(loser, winner *core.Record, plan plan) ([]string, error) {
	from, into, err := g.shown(loser, winner)
	if err != nil {
		return nil, err
	}
	fields := plan.taken
	for path, f := range g.e.Kept() {
		_, isList := loser.At(path).([]any)
		taken := slices.Contains(plan.taken, path)
		switch {
		case path == schema.RolesField:
			if plan.grantsUnseen(from) {
				return nil, unseen()
			}
		case f.System || !taken && !isList:
		case from.At(path) == nil:
			return nil, unseen()
		case !taken && into.At(path) == nil:
			fields = append(slices.Clip(fields), path)
		}
	}
	return fields, nil
}

// grantsUnseen says whether the winner gets a role that the loser, as the user sees
// it, does not hold.
func (p plan) grantsUnseen(from *core.Record) bool {
	return slices.ContainsFunc(p.drafts, func(d record.Draft) bool { return granting(d) && !d.Grant.IsHeldBy(from.Values) })
}

func unseen() error {
	return &core.Error{
		Code:    core.Forbidden,
		Message: "The parties were not merged: the other one would get what you may not see in the duplicate. Ask somebody who sees all of it to merge them.",
	}
}
