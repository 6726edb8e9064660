package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Apply migrates the records, each by one write that replaces the very version that the
// plugin was asked about. It goes through them until nothing is left to do, so also
// what others have written at the last moment is migrated. It can be cut off anywhere
// and begun again, by another process too: what it has written names the run.
func (r *Run) Apply(ctx context.Context) error {
	todo, total, err := r.todo(ctx)
	if err != nil {
		return err
	}
	session := r.Records.As(r.actor(), r.On).Unbound().Migrating()
	seen := r.counter(total)
	for _, e := range todo {
		for again := true; again; {
			again = false
			err := r.each(ctx, e, seen, func(steps []step) error {
				wrote, err := write(ctx, session, e, steps)
				again = again || wrote
				return err
			})
			if err != nil {
				return err
			}
			seen = func(int) {} // what is looked at once more is not told
		}
		seen = r.counter(total)
	}
	return nil
}

// write says whether it has written anything, or somebody else has: then the records
// have to be looked at again.
func write(ctx context.Context, s *record.Session, e *schema.Entity, steps []step) (again bool, err error) {
	var drafts []record.Draft
	for _, one := range steps {
		if one.why != "" {
			return false, fmt.Errorf("migrate the %s %s: %s", e.Name, one.before.ID, one.why)
		}
		if one.after != nil {
			drafts = append(drafts, record.Draft{Action: core.Updated, ID: one.before.ID, IfVersion: one.before.Version, Reform: &record.Reform{To: one.after}})
		}
	}
	for i, saved := range s.Save(ctx, e, drafts, false) {
		if saved.Err != nil && !overtaken(saved.Err) {
			return false, fmt.Errorf("migrate the %s %s: %w", e.Name, drafts[i].ID, saved.Err)
		}
	}
	return len(drafts) > 0, nil
}

// overtaken says whether somebody else has written the record.
func overtaken(err error) bool {
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Conflict {
		return core.CodeOf(err) == core.NotFound
	}
	return !slices.ContainsFunc(ours.Violations, func(v schema.Violation) bool { return v.Rule == "unique" })
}
