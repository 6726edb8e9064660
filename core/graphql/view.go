package graphql

import (
	"context"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// condition says who sees an element of the API; nil stands for everybody.
type condition func(*sight) bool

// views are the parts of the API that actors with different roles see. It
// implements execution.Viewer.
type views struct {
	builder  *builder
	elements map[execution.Element]condition               // root fields and arguments
	members  map[string]func(s *sight, member string) bool // fields and values of the types of this name
}

// View is the set of the actor's roles and, on a page of a plugin, its name. They decide
// alone: not who it is.
func (v *views) View(ctx context.Context) string {
	roles := ActorFrom(ctx).Roles
	if via := ActorFrom(ctx).Via; via != "" {
		roles = slices.Clone(roles)
		slices.Sort(roles)
		return "page of " + via + ", roles " + strings.Join(slices.Compact(roles), ",")
	}
	switch {
	case slices.Contains(roles, core.AdminRole):
		return ""
	case len(roles) == 1:
		return "roles " + roles[0]
	}
	roles = slices.Clone(roles)
	slices.Sort(roles)
	return "roles " + strings.Join(slices.Compact(roles), ",")
}

// Shows implements execution.Viewer.
func (v *views) Shows(ctx context.Context) func(execution.Element) bool {
	s := v.builder.sight(core.Actor{Roles: ActorFrom(ctx).Roles, Via: ActorFrom(ctx).Via})
	return func(e execution.Element) bool {
		if seen := v.elements[e]; seen != nil {
			return seen(s)
		}
		members := v.members[e.Type]
		return e.Argument != "" || members == nil || members(s, e.Member)
	}
}

// onPages keeps from the pages of plugins what is no operation of their own, whoever
// looks at them.
func (t thing) onPages(who condition) condition {
	return func(s *sight) bool {
		return (s.actor.Via == "" || t == ofPlugin(s.actor.Via)) && (who == nil || who(s))
	}
}

// onlyFor says who sees a field of a type that everybody sees.
func (v *views) onlyFor(typeName, field string, who condition) {
	if who != nil {
		v.elements[execution.Element{Type: typeName, Member: field}] = who
	}
}

// searchable says who sees the argument search of a list.
func (v *views) searchable(typeName, field string, e *schema.Entity) {
	v.elements[execution.Element{Type: typeName, Member: field, Argument: "search"}] = func(s *sight) bool { return s.searches(e) }
}

// of says which of an entity's fields are seen in a type that is made of them.
// What is no field of the entity is seen. A list and its pages are one field.
func (v *views) of(e *schema.Entity, typeName string, seen func(s *sight, f *schema.Field, path string) bool) {
	v.members[typeName] = func(s *sight, member string) bool {
		f := behind(e, member)
		return f == nil || schema.IsSystem(member) || seen(s, f, f.StoragePath())
	}
}

// parts says which parts of an object, or of what a list holds, are seen: its
// rights are those of the whole, but for references that lead nowhere.
func (v *views) parts(fields schema.Fields, typeName string, seen func(s *sight, f *schema.Field) bool) {
	v.members[typeName] = func(s *sight, member string) bool {
		f := pagedBy(fields, member)
		if i := slices.IndexFunc(fields, func(f *schema.Field) bool { return f.Name == member }); i >= 0 {
			f = fields[i]
		}
		return f == nil || seen(s, f)
	}
}
