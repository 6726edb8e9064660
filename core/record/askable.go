package record

import (
	"maps"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Asks says by which storage paths of an entity or role an actor may filter, sort, search
// and group: by what it sees in every record that it may read. A field that names another
// record shows where that one is seen, so it is asked for by who sees all of those.
func (b Basis) Asks(a core.Actor, e *schema.Entity) (func(path string) bool, error) {
	visible, err := b.Policy.Askable(b.Model, a, e)
	if err != nil {
		return nil, err
	}
	return func(path string) bool {
		return schema.IsSystem(path) || isVisible(visible, path) && !slices.ContainsFunc(b.keptAt(e, path), func(to *schema.Entity) bool {
			rule, err := b.Policy.Readable(b.Model, a, to)
			return err != nil || !rule.IsZero()
		})
	}, nil
}

// askable refuses a query that asks for what its answer would hide, and lets
// a search look only into the roles that the actor may see.
func (s *Session) askable(e *schema.Entity, q *core.Query) error {
	asks, err := s.Asks(s.Actor, e)
	if err != nil {
		return err
	}
	q.Search = askedTerms(e, q.Search, asks)
	hidden := map[string]bool{}
	check := func(path string) {
		if !asks(path) {
			hidden[e.FromStorage(path)] = true
		}
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

// askedTerms leaves out the alternatives of roles with a searched field that
// the actor may not ask for.
func askedTerms(e *schema.Entity, terms [][]string, asks func(path string) bool) [][]string {
	narrowed := make([][]string, len(terms))
	for i, alternatives := range terms {
		narrowed[i] = slices.DeleteFunc(slices.Clone(alternatives), func(word string) bool {
			role, _, inRole := strings.Cut(word, ":")
			return inRole && slices.ContainsFunc(e.Stored().Field(role).Fields, func(f *schema.Field) bool {
				return f.Searched() && !asks(role+"."+f.Name)
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
