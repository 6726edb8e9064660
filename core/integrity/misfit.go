package integrity

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// misfits looks for values that their fields do not read, in deleted records too: they
// may be restored.
func (c *check) misfits(_ context.Context, e *schema.Entity, found []*core.Record) error {
	for _, r := range found {
		for _, f := range e.Fields {
			for at, unread := range f.Misreads(f.Name, r.Values[f.Name]) {
				c.add(Finding{Misfit, e.Name, r.ID, at, shown(unread.Value), fmt.Sprintf("%s %s; write such a value, or give the field its former definition", at, unread.Reason)})
			}
		}
	}
	return nil
}

// shown is a value as it stands in a finding.
func shown(value any) string {
	const most = 200
	if value == nil {
		return ""
	}
	text := []rune(fmt.Sprint(value))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// oneByOne reads records of which one at least cannot be read. Those that cannot are
// partial, and it is said at which of their fields that lies.
func (c *check) oneByOne(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error) {
	q.Only = []string{}
	found, err := c.store.Find(ctx, e, q)
	if err != nil {
		return nil, err
	}
	for i, r := range found {
		by := core.Query{Filter: record.ByIDs([]string{r.ID}), First: 1, Deleted: true}
		one, err := c.store.Find(ctx, e, by)
		switch {
		case err == nil && len(one) == 1:
			found[i] = one[0]
		case err != nil && core.CodeOf(err) != core.Internal:
			return nil, err
		case err != nil:
			if err := c.unreadable(ctx, e, r.ID, by); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// unreadable says which fields of a record cannot be read.
func (c *check) unreadable(ctx context.Context, e *schema.Entity, id string, by core.Query) error {
	const why = "cannot be read, since no xrm has written it; mend it in the database, or restore that from a backup"
	named := false
	for _, f := range e.Fields {
		by.Only = []string{f.Name}
		switch _, err := c.store.Find(ctx, e, by); {
		case core.CodeOf(err) == core.Internal:
			c.add(Finding{Kind: Unreadable, Entity: e.Name, ID: id, Path: f.Name, Message: "what lies in " + f.Name + " " + why})
			named = true
		case err != nil:
			return err
		}
	}
	if !named {
		c.add(Finding{Kind: Unreadable, Entity: e.Name, ID: id, Message: "what lies there " + why})
	}
	return nil
}
