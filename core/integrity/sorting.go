package integrity

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Sorting is a store where a record can be without what it is found and sorted by.
type Sorting interface {
	// Missorted are the paths, for each of the records with these ids, of texts whose sort
	// key is missing, or that of another text.
	Missorted(ctx context.Context, e *schema.Entity, ids []string) (map[string][]string, error)
}

// sorted looks for texts that filters and orders miss.
func (c *check) sorted(ctx context.Context, e *schema.Entity, found []*core.Record) error {
	if c.sorting == nil || len(found) == 0 {
		return nil
	}
	ids := make([]string, len(found))
	for i, r := range found {
		ids[i] = r.ID
	}
	missorted, err := c.sorting.Missorted(ctx, e, ids)
	if err != nil {
		return err
	}
	for _, r := range found {
		for _, path := range missorted[r.ID] {
			c.add(Finding{Misplaced, e.Name, r.ID, path, shown(schema.Lookup(r.Values, path)),
				path + " has the sort key of another text, or none, so filters and orders miss it; change any value of the record, which makes its keys anew"})
		}
	}
	return nil
}
