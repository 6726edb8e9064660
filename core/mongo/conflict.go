package mongo

import (
	"context"
	"fmt"
	"regexp"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// uniquePrefix begins the names of the unique indexes of former versions; the field's
// storage path follows. One is there until all records have their claims.
const uniquePrefix = "unique:"

var uniqueName = regexp.MustCompile(uniquePrefix + `([A-Za-z0-9.]+)`)

// duplicate says which value another record has already. One that a batch holds is
// waited for.
func (s *Store) duplicate(ctx context.Context, e *schema.Entity, c core.Change, err error) error {
	holder, why := s.inTheWay(ctx, "", e, c, err)
	if holder.batch == "" {
		return why
	}
	return s.behind(ctx, holder, core.Step{Entity: e, Change: c}, why)
}

// inTheWay says why a write, of this batch or of none, is a duplicate. Who has the value may
// be about to give it up, by another batch that is to be waited for: that is asked first,
// since the index has the old value until the batch is applied.
func (s *Store) inTheWay(ctx context.Context, batch string, e *schema.Entity, c core.Change, err error) (waitsFor, error) {
	holder, failed := s.holder(ctx, e, c.After)
	if failed != nil {
		return waitsFor{}, failed
	}
	if waits := holder.waits; waits.batch != "" && waits.batch != batch {
		return waits, stale(c, err)
	}
	if match := uniqueName.FindStringSubmatch(err.Error()); holder.path == "" && match != nil {
		holder.path = match[1]
	}
	if holder.path != "" {
		return waitsFor{}, taken(e, holder.path, err)
	}
	return waitsFor{}, stale(c, err) // the id's own index, or a claim that is free by now
}

// taken is the refusal of the value at a path.
func taken(e *schema.Entity, path string, err error) error {
	return &core.Error{
		Code:    core.Conflict,
		Message: fmt.Sprintf("Another %s has this value already.", e.Stored().Name),
		Violations: schema.Violations{{
			Field: path, Rule: "unique", Message: "must be unique, and another " + e.Stored().Name + " has it already",
		}},
		Cause: err,
	}
}

// stale says that the stored record is not the one that the change was made from.
func stale(c core.Change, cause error) error {
	e := &core.Error{Code: core.Conflict, Cause: cause}
	if c.Before == nil {
		e.Message = "A record with this id exists already."
		e.Violations = schema.Violations{{Field: "id", Rule: "version", Message: "exists already"}}
		return e
	}
	e.Message = "Somebody else changed the record in the meantime. Load it again and repeat the change."
	e.Violations = schema.Violations{{Field: "version", Rule: "version", Message: fmt.Sprintf("is not %d any more", c.Before.Version)}}
	return e
}
