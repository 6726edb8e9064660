package record

import (
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// maskAll is mask for all that a query on an entity or role has found. What
// the actor may see in every one of them need not be asked for each.
func (s *Session) maskAll(e *schema.Entity, records []*core.Record) error {
	everywhere, err := s.Policy.Askable(s.Model, s.Actor, e)
	if err != nil || everywhere == nil {
		return err
	}
	for _, r := range records {
		if err := s.mask(r); err != nil {
			return err
		}
	}
	return nil
}

// Mask returns a copy of a record without the fields that the actor may not
// see. The mask of nil is nil.
func (s *Session) Mask(r *core.Record) (*core.Record, error) {
	if r == nil {
		return nil, nil
	}
	masked := r.Clone()
	return masked, s.mask(masked)
}

// mask takes the fields out of a record that the actor may not see. The
// record is the session's own.
func (s *Session) mask(r *core.Record) error {
	visible, err := s.Policy.Visible(s.Model, s.Actor, r)
	if err != nil || visible == nil {
		return err
	}
	base := s.Model.Entity(r.Entity)
	for name, value := range r.Values {
		if role := s.Model.Entity(name); role != nil && role.Base == base {
			object, _ := value.(map[string]any)
			for inner := range object {
				if !visible[name+"."+inner] {
					delete(object, inner)
				}
			}
			if len(object) == 0 {
				delete(r.Values, name)
			}
		} else if !visible[name] {
			delete(r.Values, name)
		}
	}
	return nil
}

// isVisible says whether a storage path lies in a visible field.
func isVisible(visible map[string]bool, path string) bool {
	if visible == nil || visible[path] {
		return true
	}
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' && visible[path[:i]] {
			return true
		}
	}
	return false
}

// askable refuses a query that asks for what its answer would hide, and lets
// a search look only into the roles that the actor may see.
func (s *Session) askable(e *schema.Entity, q *core.Query) error {
	visible, err := s.Policy.Askable(s.Model, s.Actor, e)
	if err != nil || visible == nil {
		return err
	}
	q.Search = visibleTerms(e, q.Search, visible)
	hidden := map[string]bool{}
	check := func(path string) {
		if schema.IsSystem(path) || isVisible(visible, path) {
			return
		}
		hidden[e.FromStorage(path)] = true
	}
	paths(q.Filter, "", check)
	for _, o := range q.OrderBy {
		check(o.Path)
	}
	if q.Per != nil {
		check(q.Per.Path)
	}
	if len(q.Search) > 0 {
		for _, f := range e.Stored().Fields {
			if f.Searched() && e.Stored().RoleIn(f) == "" {
				check(f.Name)
			}
		}
	}
	if len(hidden) == 0 {
		return nil
	}
	return &core.Error{
		Code:    core.Forbidden,
		Message: "You may not filter, sort or search " + e.Plural + " by " + strings.Join(slices.Sorted(maps.Keys(hidden)), ", ") + ", because you may not see it in all of them.",
	}
}

// visibleTerms leaves out the alternatives of roles with a searched field that
// the actor may not see everywhere.
func visibleTerms(e *schema.Entity, terms [][]string, visible map[string]bool) [][]string {
	narrowed := make([][]string, len(terms))
	for i, alternatives := range terms {
		narrowed[i] = slices.DeleteFunc(slices.Clone(alternatives), func(word string) bool {
			role, _, inRole := strings.Cut(word, ":")
			return inRole && slices.ContainsFunc(e.Stored().Field(role).Fields, func(f *schema.Field) bool {
				return f.Searched() && !isVisible(visible, role+"."+f.Name)
			})
		})
	}
	return narrowed
}

// paths calls f for the storage path of every comparison of the filter, but not
// behind a reference: asked checks those against the other entity.
func paths(filter schema.Filter, prefix string, f func(path string)) {
	for _, inner := range append(append([]schema.Filter{}, filter.And...), filter.Or...) {
		paths(inner, prefix, f)
	}
	if filter.Not != nil {
		paths(*filter.Not, prefix, f)
	}
	if filter.Op == "" {
		return
	}
	f(strings.TrimSuffix(prefix+filter.Path, "."))
	if filter.Sub != nil && filter.Op != schema.OpTo {
		paths(*filter.Sub, strings.TrimPrefix(prefix+filter.Path+".", "."), f)
	}
}
