package record

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// readable selects what the actor may see of an entity or role.
func (s *Session) readable(e *schema.Entity) (schema.Filter, error) {
	if err := s.moving(e, false); err != nil {
		return schema.Filter{}, err
	}
	rule, err := s.Policy.Readable(s.Model, s.Actor, e)
	if err != nil {
		return rule, err
	}
	rule, err = s.ruled(rule)
	return schema.All(e.HasRole(), rule), err
}

// ruled makes a rule ready for the store. It may refer to what the actor may
// not see, but what is said of a customer holds for customers only.
func (s *Session) ruled(rule schema.Filter) (schema.Filter, error) {
	return s.reach(rule, func(target *schema.Entity, f schema.Filter) (schema.Filter, error) {
		f, err := s.ruled(f)
		return schema.All(target.HasRole(), f), err
	})
}

// asked makes what a caller asks ready for the store. Of the records behind a
// reference only what the caller may see and ask for counts, or else the
// filter would tell what the answer hides.
func (s *Session) asked(f schema.Filter) (schema.Filter, error) {
	return s.reach(f, func(target *schema.Entity, f schema.Filter) (schema.Filter, error) {
		allowed, err := s.readable(target)
		if err != nil {
			return f, err
		}
		if err := s.askable(target, &core.Query{Filter: f}); err != nil {
			return f, err
		}
		f, err = s.asked(f)
		return schema.All(allowed, f), err
	})
}

// reach replaces what a filter asks of the records behind its references.
func (s *Session) reach(f schema.Filter, replace func(target *schema.Entity, f schema.Filter) (schema.Filter, error)) (schema.Filter, error) {
	return f.Map(func(c schema.Filter) (schema.Filter, error) {
		if c.Op != schema.OpTo {
			return c, nil
		}
		target, err := s.Model.Find(c.Field.To)
		if err != nil {
			return c, err
		}
		behind, err := replace(target, *c.Sub)
		c.Sub = &behind
		return c, err
	})
}

// decide makes a filter that can be matched against these records of an
// entity, without a store: it looks up which of the records that they refer
// to are selected, with one query for each reference that the filter reaches
// over.
func (s *Session) decide(ctx context.Context, e *schema.Entity, f schema.Filter, records []map[string]any) (schema.Filter, error) {
	return f.Map(func(c schema.Filter) (schema.Filter, error) {
		if c.Op != schema.OpTo {
			return c, nil
		}
		selected := []any{}
		if ids := s.referredTo(e, c.To, records); len(ids) > 0 {
			found, err := s.Store.Find(ctx, c.To, core.Query{Filter: schema.All(ByIDs(ids), *c.Sub), First: -1, Only: []string{}})
			if err != nil {
				return c, fmt.Errorf("find %s: %w", c.To.Plural, err)
			}
			for _, r := range found {
				selected = append(selected, r.ID)
			}
		}
		return schema.Filter{Path: c.Path, Op: schema.OpIn, Value: selected, Field: c.Field}, nil
	})
}

// referredTo lists the ids of a stored entity that records refer to.
func (s *Session) referredTo(e, target *schema.Entity, records []map[string]any) []string {
	ids := map[string]bool{}
	for _, reference := range s.Model.References(e) {
		if reference.To.Stored().Name != target.Name {
			continue
		}
		for _, values := range records {
			for _, id := range ReferredTo(values, reference.Path) {
				ids[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}
