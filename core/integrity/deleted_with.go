package integrity

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// deletedWith looks for records that were deleted with another one which lives again:
// they were to come back with it.
func (c *check) deletedWith(ctx context.Context, e *schema.Entity, found []*core.Record) error {
	if f := e.Field(schema.DeletedWithField); f == nil || !f.System {
		return nil
	}
	var ids []string
	for _, r := range found {
		if with, _ := r.Values[schema.DeletedWithField].(string); with != "" && r.Deleted() {
			ids = append(ids, with)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	for _, root := range (record.Basis{Model: c.model}).Taking(e) {
		states, err := c.states(ctx, root, ids)
		if err != nil {
			return err
		}
		for _, r := range found {
			with, _ := r.Values[schema.DeletedWithField].(string)
			if at, exists := states[with]; r.Deleted() && exists && !at.deleted {
				c.add(Finding{Stuck, e.Name, r.ID, schema.DeletedWithField, with, fmt.Sprintf(
					"it was deleted with the %s %s, which lives, and did not come back with it; restore it", root.Name, with)})
			}
		}
	}
	return nil
}
