package graphql

import (
	"slices"

	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// described is an entity as entities and entity tell of it: with the fields that
// the actor may see or write, and no name of what it has nothing to do with. It
// is for answers only.
func (s *sight) described(e *schema.Entity) *schema.Entity {
	if s.administers() {
		return e
	}
	seen := *e
	if e.IsRole() && !s.knows(e.Base) {
		seen.Of = ""
	}
	seen.Fields = nil
	for _, f := range e.Fields {
		switch {
		case e.RoleIn(f) != "":
			part := *f
			part.Fields = slices.DeleteFunc(slices.Clone(f.Fields), func(sub *schema.Field) bool { return !s.uses(e, f.Name+"."+sub.Name) })
			if f = &part; len(f.Fields) == 0 {
				continue
			}
		case !s.uses(e, f.StoragePath()):
			continue
		case f.Name == schema.RolesField && f.System:
			f = s.heldRoles(e, f)
		}
		seen.Fields = append(seen.Fields, s.anonymous(f))
	}
	return &seen
}

// uses says whether the actor may see or write a field.
func (s *sight) uses(e *schema.Entity, path string) bool {
	return s.shows(e, path) || s.writes(e, path)
}

// heldRoles is the list of roles with those of them that show.
func (s *sight) heldRoles(e *schema.Entity, f *schema.Field) *schema.Field {
	list, of := *f, *f.Of
	of.Options = slices.DeleteFunc(slices.Clone(of.Options), func(o schema.Option) bool { return !s.shows(e, record.RoleSeenBy(o.Value)) })
	list.Of = &of
	return &list
}

// anonymous is a field that does not name the entities behind its references
// which the actor has nothing to do with.
func (s *sight) anonymous(f *schema.Field) *schema.Field {
	left := *f
	if target := s.Model.Entity(f.To); target != nil && !s.knows(target) && !s.knows(target.Stored()) {
		left.To = ""
	}
	if f.Of != nil {
		left.Of = s.anonymous(f.Of)
	}
	left.Fields = make(schema.Fields, len(f.Fields))
	for i, sub := range f.Fields {
		left.Fields[i] = s.anonymous(sub)
	}
	return &left
}
