package integrity

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// pointer is a reference of one record to another.
type pointer struct {
	from   *core.Record
	by     schema.Reference
	target string
}

// references looks at what records refer to, with one query for each entity. A reference
// to a deleted record is in order where its definition says onDelete: keep, and in a
// record that is deleted itself: both may be restored.
func (c *check) references(ctx context.Context, e *schema.Entity, found []*core.Record) error {
	to, ids := map[*schema.Entity][]pointer{}, map[*schema.Entity][]string{}
	for _, r := range c.model.References(e) {
		target := r.To.Stored()
		for _, one := range found {
			for _, id := range record.ReferredTo(one.Values, r.Path) {
				to[target], ids[target] = append(to[target], pointer{one, r, id}), append(ids[target], id)
			}
		}
	}
	for target, list := range to {
		states, err := c.states(ctx, target, ids[target])
		if err != nil {
			return err
		}
		for _, p := range list {
			if kind, why := p.judge(states); kind != "" {
				c.add(Finding{kind, e.Name, p.from.ID, p.by.Path, p.target, fmt.Sprintf("%s is the %s %s, %s", p.by.Path, p.by.To.Name, p.target, why)})
			}
		}
	}
	return nil
}

func (p pointer) judge(states map[string]state) (Kind, string) {
	at, exists := states[p.target]
	switch {
	case !exists:
		return Missing, "which does not exist; let it refer to another record"
	case p.target == p.from.ID: // what a duplicate says of itself has gone with it
	case at.into != "":
		return Merged, "which was merged into " + at.into + "; merge the two again, which turns it"
	case at.deleted && !p.from.Deleted() && p.by.Rule() != schema.DeleteKeep:
		return Deleted, "which is deleted; restore that, or let it refer to another record"
	}
	return "", ""
}
