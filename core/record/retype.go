package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// KeepTypes refuses a model that gives a field another type although records,
// deleted ones included, have a value of it from before.
func KeepTypes(ctx context.Context, store Store, before, now *schema.Model) error {
	var problems strictyaml.Problems
	for _, r := range before.Retypings(now) {
		filled := schema.Filter{Path: r.Path, Op: schema.OpIsNull, Value: false, Field: r.Field}
		found, err := store.Count(ctx, r.Entity, core.Query{Filter: filled, Deleted: true}, 1)
		if err != nil {
			return fmt.Errorf("look for values of %s: %w", r.Path, err)
		}
		if found[""] > 0 {
			r.Problem.Message += ", but records of " + r.Entity.Name + " have values of it, and values are not converted; give the new field another name and leave the old one as it was"
			problems = append(problems, r.Problem)
		}
	}
	return problems.Err()
}
