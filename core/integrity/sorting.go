package integrity

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Sorting is a store where a record can be without what it is found and sorted by, or what
// keeps its values to it.
type Sorting interface {
	// Missed are the paths, for each of the records with these ids, of texts whose sort key
	// is missing, or that of another text, and of those without their words for the search.
	Missed(ctx context.Context, e *schema.Entity, ids []string) (sorting, searching map[string][]string, err error)

	// Unclaimed are the paths, for each of the records with these ids, of unique values that
	// another record can get as well, and of those that it keeps from others without reason.
	Unclaimed(ctx context.Context, e *schema.Entity, ids []string) (map[string][]string, error)
}

// sorted looks for texts that filters and orders miss, or the search, and for values that
// nothing keeps unique.
func (c *check) sorted(ctx context.Context, e *schema.Entity, found []*core.Record) error {
	if c.sorting == nil || len(found) == 0 {
		return nil
	}
	ids := make([]string, len(found))
	for i, r := range found {
		ids[i] = r.ID
	}
	sorting, searching, err := c.sorting.Missed(ctx, e, ids)
	if err != nil {
		return err
	}
	unclaimed, err := c.sorting.Unclaimed(ctx, e, ids)
	if err != nil {
		return err
	}
	for _, r := range found {
		for _, path := range unclaimed[r.ID] {
			c.add(Finding{Misplaced, e.Name, r.ID, path, shown(schema.Lookup(r.Values, path)),
				path + " has the claim of another value, or none, so another record can get this one as well; change any value of the record, which makes its claims anew"})
		}
		for _, path := range sorting[r.ID] {
			c.add(Finding{Misplaced, e.Name, r.ID, path, shown(schema.Lookup(r.Values, path)),
				path + " has the sort key of another text, or none, so filters and orders miss it; change any value of the record, which makes its keys anew"})
		}
		for _, path := range searching[r.ID] {
			c.add(Finding{Misplaced, e.Name, r.ID, path, shown(schema.Lookup(r.Values, path)),
				path + " has the words of another text, or none, so the search misses it; change any value of the record, which makes its words anew"})
		}
	}
	return nil
}
