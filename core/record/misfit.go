package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// Finder finds and counts records, as Store does.
type Finder interface {
	Find(ctx context.Context, e *schema.Entity, q core.Query) ([]*core.Record, error)
	Count(ctx context.Context, e *schema.Entity, q core.Query, limit int) (map[string]int, error)

	// Remaining counts the records that are stored under the name of an entity,
	// deleted ones too, whether or not a model has it.
	Remaining(ctx context.Context, entity string) (int64, error)
}

// CheckStored refuses a model under which values from before, those of deleted
// records included, would be read as what they are not.
func CheckStored(ctx context.Context, store Finder, before *schema.Past, now *schema.Model) error {
	var problems strictyaml.Problems
	for _, m := range before.Misfits(now) {
		n, err := misread(ctx, store, m)
		if err != nil {
			return fmt.Errorf("look for values of %s that do not fit any more: %w", m.Path, err)
		}
		if n > 0 {
			m.Problem.Message += " (" + counted(n) + ")"
			problems = append(problems, m.Problem)
		}
	}
	return problems.Err()
}

// maxCounted bounds how far the records are counted that a definition does not fit,
// and maxLookedAt how many are read to see whether they do.
const (
	maxCounted  = 1_000_000
	maxLookedAt = 100_000
)

// misread counts the records that a misfit misreads. Of more than are looked at
// nobody knows that they fit, so all of them count.
func misread(ctx context.Context, store Finder, m schema.Misfit) (int, error) {
	if m.Gone {
		if left, err := store.Remaining(ctx, m.Entity.Name); err != nil || left == 0 {
			return 0, err // there need not be a table
		}
	}
	found, err := store.Count(ctx, m.Entity, core.Query{Filter: m.Stored, Deleted: true}, maxCounted+1)
	n := found[""]
	if err != nil || !m.Looks() || n > maxLookedAt {
		return n, err
	}
	n = 0
	for q := (core.Query{Filter: m.Stored, Deleted: true, First: lookedAtOnce, Only: []string{m.Path}}); ; {
		records, err := store.Find(ctx, m.Entity, q)
		for _, r := range records {
			if !m.Fits(r.Values) {
				n++
			}
		}
		if err != nil || len(records) < q.First {
			return n, err
		}
		q.After = []any{records[q.First-1].ID}
	}
}

const lookedAtOnce = 1000

func counted(n int) string {
	switch {
	case n > maxCounted:
		return fmt.Sprintf("more than %d records", maxCounted)
	case n == 1:
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}
