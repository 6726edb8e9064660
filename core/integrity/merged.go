package integrity

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// duplicates looks where the id and the unique values of merged records lead: to the
// record at the end of a chain of merges. That one may be deleted, and restored.
func (c *check) duplicates(ctx context.Context, e *schema.Entity, found []*core.Record) error {
	known, ask := map[string]state{}, []string(nil)
	for _, r := range found {
		if into := e.MergedInto(r.Values); r.Deleted() && into != "" {
			known[r.ID] = state{deleted: true, into: into}
			ask = append(ask, into)
		}
	}
	missing, err := c.follow(ctx, e, ask, known)
	if err != nil {
		return err
	}
	for _, r := range found {
		if into := e.MergedInto(r.Values); r.Deleted() && into != "" {
			if why := c.leads(r.ID, into, known, missing); why != "" {
				c.add(Finding{Lost, e.Name, r.ID, schema.MergedField, into, fmt.Sprintf("it was merged into %s, %s", into, why)})
			}
		}
	}
	return nil
}

// follow looks at the records that others were merged into, and at those that these were
// merged into, until all are known. It returns which are not there.
func (c *check) follow(ctx context.Context, e *schema.Entity, ask []string, known map[string]state) (missing map[string]bool, err error) {
	missing = map[string]bool{}
	for len(ask) > 0 {
		states, err := c.states(ctx, e, ask)
		if err != nil {
			return nil, err
		}
		var next []string
		for _, id := range ask {
			at, exists := states[id]
			if _, been := known[id]; been {
				continue
			}
			known[id], missing[id] = at, !exists
			if _, been := known[at.into]; at.into != "" && !been {
				next = append(next, at.into)
			}
		}
		ask = next
	}
	return missing, nil
}

// leads says why a duplicate leads nowhere; "" when it leads to a record.
func (c *check) leads(id, into string, known map[string]state, missing map[string]bool) string {
	been := map[string]bool{id: true}
	for at := into; ; at = known[at].into {
		switch {
		case been[at]:
			return "which leads back in a circle, so none of them stands for the others; merge one of them again into another, which restores that"
		case missing[at] && at == into:
			return "which does not exist: its id and its unique values lead nowhere; restore that one from a backup"
		case missing[at]:
			return fmt.Sprintf("and that at last into %s, which does not exist: its id and its unique values lead nowhere; restore that one from a backup", at)
		case known[at].into == "":
			return ""
		}
		been[at] = true
	}
}
