package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// Counter counts records, as Store does.
type Counter interface {
	Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error)
}

// CheckStored refuses a model under which values from before, those of deleted
// records included, would be read as what they are not.
func CheckStored(ctx context.Context, store Counter, before, now *schema.Model) error {
	var problems strictyaml.Problems
	for _, m := range before.Misfits(now) {
		found, err := store.Count(ctx, m.Entity, core.Query{Filter: m.Stored, Deleted: true}, maxCounted+1)
		if err != nil {
			return fmt.Errorf("look for values of %s that do not fit any more: %w", m.Stored.Path, err)
		}
		if n := found[""]; n > 0 {
			m.Problem.Message += " (" + counted(n) + ")"
			problems = append(problems, m.Problem)
		}
	}
	return problems.Err()
}

// maxCounted bounds how far the records are counted that a definition does not fit.
const maxCounted = 1_000_000

func counted(n int) string {
	switch {
	case n > maxCounted:
		return fmt.Sprintf("more than %d records", maxCounted)
	case n == 1:
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}
