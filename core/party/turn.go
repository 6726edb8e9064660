package party

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// turnReferences turns what refers to the duplicate, also what is deleted: it
// may be restored.
func (g *merge) turnReferences(ctx context.Context) error {
	for _, r := range g.Model.ReferencesTo(g.e) {
		for found, err := range referring(ctx, g.Session, r, g.from) {
			if err != nil {
				return err
			}
			if err := g.turn(ctx, r.From, found); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *merge) turn(ctx context.Context, e *schema.Entity, found []*core.Record) error {
	var drafts []record.Draft
	var ids []string
	for _, r := range found {
		if r.ID == g.from || g.rehearsed[r.ID] {
			continue // what the duplicate says of itself goes with it
		}
		g.rehearsed[r.ID] = g.dryRun
		ids = append(ids, r.ID)
		drafts = append(drafts, g.turning(e, r))
	}
	seen, err := g.seen(ctx, e, ids)
	if err != nil {
		return err
	}
	for i, r := range g.Save(ctx, e, drafts, g.dryRun) {
		switch one := seen[ids[i]]; {
		case r.Err != nil:
			return stopped(e, ids[i], one != nil, r.Err)
		case r.Done == core.Deleted:
			g.turned = true
			if one != nil && g.refers(e, one) {
				if g.result.Deleted == nil {
					g.result.Deleted = map[string][]string{}
				}
				g.result.Deleted[e.Name] = append(g.result.Deleted[e.Name], one.ID)
			}
		case r.Done == core.Updated:
			g.turned = true
			if one != nil && !one.Deleted() && g.refers(e, one) {
				g.result.References[e.Name]++
			}
		}
	}
	return nil
}

// turning is what becomes of a record that refers to the duplicate. One that must lead to
// two parties (otherThan) is deleted when it would lead to one, such as what the two were
// to each other; and what the party that stays says of the duplicate is cleared, since
// nobody refers to himself.
func (g *merge) turning(e *schema.Entity, r *core.Record) record.Draft {
	turn := record.Redirect{From: g.from, To: g.into}
	if e == g.e && r.ID == g.into {
		turn.To = ""
	}
	d := record.Draft{Action: core.Updated, ID: r.ID, Redirect: &turn}
	after, err := g.Applied(e, r, []record.Draft{d})
	if err == nil && !r.Deleted() && len(e.CheckOther(r.Values, after.Values)) > 0 {
		return record.Draft{Action: core.Deleted, ID: r.ID}
	}
	return d
}

// seen returns the records that the user sees, as he sees them, by id: those
// of which a merge may tell him that they refer to the duplicate.
func (g *merge) seen(ctx context.Context, e *schema.Entity, ids []string) (map[string]*core.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := g.user.Find(ctx, e, core.Query{Filter: record.ByIDs(ids), First: -1, Deleted: true})
	if err != nil && core.CodeOf(err) != core.Forbidden {
		return nil, err
	}
	byID := make(map[string]*core.Record, len(found))
	for _, r := range found {
		byID[r.ID] = r
	}
	return byID, nil
}

func (g *merge) refers(e *schema.Entity, r *core.Record) bool {
	return slices.ContainsFunc(g.Model.References(e), func(ref schema.Reference) bool {
		return slices.Contains(record.ReferredTo(r.Values, ref.Path), g.from)
	})
}

// stopped says at which record a merge came to its end.
func stopped(e *schema.Entity, id string, seen bool, err error) error {
	var ours *core.Error
	switch {
	case !errors.As(err, &ours):
		return fmt.Errorf("turn %s %s: %w", e.Name, id, err)
	case !seen:
		return &core.Error{
			Code: ours.Code, Cause: err,
			Message: "The merge stopped at a record that refers to the duplicate and that you may not see. Ask somebody who sees it to merge again: what was done stays done.",
		}
	}
	return &core.Error{
		Code: ours.Code, Violations: ours.Violations, Cause: err,
		Message: fmt.Sprintf("The merge stopped at the %s %s, which refers to the duplicate. %s Mend that and merge again: what was done stays done.", e.Name, id, ours.Message),
	}
}
