package party

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// seen refuses a merge of parties that the actor does not see, deleted ones
// included: to the actor they do not exist.
func seen(ctx context.Context, user *record.Session, e *schema.Entity, from, into string) error {
	if from == into {
		return refused("into", "self", "must be another party than the duplicate")
	}
	_, err := find(ctx, user, e, from, into)
	return err
}

// pair loads both parties with all that they have, and refuses those that
// cannot become one. The loser may be deleted if it went into the winner, and
// the winner, too, if it went into the loser: of two merges in opposite
// directions that were cut off, one has to be finished.
func (g *merge) pair(ctx context.Context) (loser, winner *core.Record, err error) {
	parties, err := find(ctx, g.Session, g.e, g.from, g.into)
	if err != nil {
		return nil, nil, err
	}
	loser, winner = parties[0], parties[1]
	opposite := mergedInto(winner, loser) && mergedInto(loser, winner)
	switch {
	case winner.Deleted() && !opposite:
		return nil, nil, g.gone(ctx, winner)
	case loser.Deleted() && !mergedInto(loser, winner):
		return nil, nil, g.gone(ctx, loser)
	case loser.Values["kind"] != winner.Values["kind"]:
		return nil, nil, g.unlike(loser, winner)
	}
	return loser, winner, nil
}

// unlike refuses parties of different kinds, and names those that the user sees.
func (g *merge) unlike(loser, winner *core.Record) error {
	from, into, err := g.shown(loser, winner)
	if err != nil {
		return err
	}
	must := "must be of the kind of the duplicate"
	if from.Values["kind"] != nil && into.Values["kind"] != nil {
		must += fmt.Sprintf(", %v, not %v", from.Values["kind"], into.Values["kind"])
	}
	return refused("into", "kind", must)
}

func mergedInto(r, other *core.Record) bool {
	return r.Deleted() && r.Values[schema.MergedField] == other.ID
}

func refused(field, rule, message string) error {
	return &core.Error{
		Code: core.Invalid, Message: "The parties were not merged: they cannot become one.",
		Violations: schema.Violations{{Field: field, Rule: rule, Message: message}},
	}
}

// gone says what became of a party that is deleted, as far as the user sees it.
func (g *merge) gone(ctx context.Context, r *core.Record) error {
	if r.Values[schema.MergedField] == nil {
		return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The party %s is deleted. Restore it first.", r.ID)}
	}
	seen, err := find(ctx, g.user, g.e, r.ID)
	if err != nil {
		return err
	}
	into, told := seen[0].Values[schema.MergedField].(string)
	if !told {
		into = "another one"
	}
	return &core.Error{Code: core.Conflict, Message: fmt.Sprintf("The party %s was merged into %s already. Merge with that one.", r.ID, into)}
}
