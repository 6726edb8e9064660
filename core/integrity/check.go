package integrity

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// MaxPart is how many records are looked at in one part at most, unless the Service says.
const MaxPart = 1000

// Service looks for what should not be. Safe for concurrent use.
type Service struct {
	Records  *record.Service
	Keys     Keys     // nil where there are none
	Timers   Timers   // nil where nothing is brought to its end later
	Sorting  Sorting  // nil where a store writes sort keys with what they are of, whoever writes
	Contents Contents // nil where no contents of files are kept
	Most     int      // records in one part; MaxPart when zero

	// Begun reads the timers of each owner that bring something to its end.
	Begun map[string]func(core.Timer) (record.Begun, error)
}

// Check looks at some records, deleted ones included, from where the part before has
// ended: "" for the first one. After the records come the API keys, and then what was
// begun and is not done.
func (s *Service) Check(ctx context.Context, on record.Basis, a core.Actor, after string, first int) (Part, error) {
	if !slices.Contains(a.Roles, core.AdminRole) {
		return Part{}, &core.Error{Code: core.Forbidden, Message: "The database is checked by administrators: the role " + core.AdminRole + "."}
	}
	stage, at, _ := strings.Cut(after, "/")
	first = min(first, cmp.Or(s.Most, MaxPart))
	if s.Begun[stage] != nil {
		return s.unfinished(ctx, stage, at, first)
	}
	c := &check{store: s.Records.Store, sorting: s.Sorting, contents: s.Contents, model: on.Model}
	if stage == keyStage && s.Keys != nil {
		last, more, err := c.keys(ctx, s.Keys, at, first)
		if c.Next = s.firstOwner(); more {
			c.Next = keyStage + "/" + last
		}
		return c.Part, err
	}
	for _, e := range stored(on.Model) {
		if e.Name < stage {
			continue
		}
		from := ""
		if e.Name == stage {
			from = at
		}
		last, more, err := c.records(ctx, e, from, first-c.Checked)
		if err != nil {
			return Part{}, err
		}
		if more {
			c.Next = e.Name + "/" + last
			break
		}
	}
	if c.Next == "" {
		c.Next = s.afterRecords()
	}
	c.sort()
	return c.Part, nil
}

// stored are the stored entities by name.
func stored(m *schema.Model) []*schema.Entity {
	list := slices.Clone(m.Stored())
	slices.SortFunc(list, func(a, b *schema.Entity) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// check is a part that is on its way. It reads the store as it is: administrators see
// all of it.
type check struct {
	Part
	store    record.Store
	sorting  Sorting
	contents Contents
	model    *schema.Model
}

// records looks at the records of one entity that come after an id. more says that
// there may be others after the last.
func (c *check) records(ctx context.Context, e *schema.Entity, after string, first int) (last string, more bool, err error) {
	q := core.Query{First: first, Deleted: true}
	if after != "" {
		q.After = []any{after}
	}
	found, err := c.store.Find(ctx, e, q)
	if core.CodeOf(err) == core.Internal {
		found, err = c.oneByOne(ctx, e, q)
	}
	if err != nil || len(found) == 0 {
		return "", false, err
	}
	c.Checked += len(found)
	last = found[len(found)-1].ID
	more = len(found) == first
	whole := slices.DeleteFunc(found, func(r *core.Record) bool { return r.Partial })
	for _, look := range []func(context.Context, *schema.Entity, []*core.Record) error{c.references, c.misfits, c.shared, c.duplicates, c.deletedWith, c.sorted, c.files} {
		if err := look(ctx, e, whole); err != nil {
			return "", false, fmt.Errorf("check %s: %w", e.Plural, err)
		}
	}
	return last, more, nil
}

// state is what became of a record.
type state struct {
	deleted bool
	into    string // the record that it was merged into
}

// states are the records of an entity with these ids; those that are not there are
// missing.
func (c *check) states(ctx context.Context, e *schema.Entity, ids []string) (map[string]state, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	only := []string{}
	if e.KeepsRoles() {
		only = []string{schema.MergedField}
	}
	states := map[string]state{}
	for some := range slices.Chunk(ids, MaxPart) {
		found, err := c.store.Find(ctx, e, core.Query{Filter: record.ByIDs(some), First: -1, Deleted: true, Only: only})
		if err != nil {
			return nil, fmt.Errorf("look for %s by their ids: %w", e.Plural, err)
		}
		for _, one := range found {
			at := state{deleted: one.Deleted()}
			if at.deleted {
				at.into = e.MergedInto(one.Values)
			}
			states[one.ID] = at
		}
	}
	return states, nil
}
