package graphql

import (
	"context"
	"strings"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// entity makes the object type of an entity or role. Its parents are
// *core.Record.
func (b *builder) entity(e *schema.Entity) *graphql.Object {
	name := typeName(e.Name)
	o, isNew := b.object(ofEntity(e), "", e.Description.In("en"))
	if !isNew {
		return o
	}
	for _, f := range schema.SystemFields {
		t := graphql.Output(b.leaf(thing{}, f))
		if f.Name == "id" {
			t = graphql.ID
		}
		if f.Name != "deletedAt" {
			t = graphql.NewNonNull(t)
		}
		o.AddFieldConfig(f.Name, &graphql.Field{Type: t, Description: describe(f)})
		b.resolve(name, f.Name, system(f.Name))
	}
	for _, f := range e.Fields {
		b.field(o, fieldOf(e, f), f, f.StoragePath(), e.Fields)
		if f.HasFiles() {
			b.resolve(name, f.Name, located(e, f, stored(f, f.StoragePath())))
		}
	}
	b.views.of(e, name, func(s *sight, f *schema.Field, path string) bool {
		if role := e.RoleIn(f); role != "" { // what of it is seen decides whether it is
			return true
		}
		return s.shows(e, path) && s.leads(f)
	})
	if e.KeepsRoles() {
		b.views.members[fieldOf(e, e.Field(schema.RolesField)).prefix] = func(s *sight, role string) bool { return s.shows(e, record.RoleSeenBy(role)) }
	}
	for _, r := range b.Model.ReferencesTo(e) {
		b.inverse(o, r)
		b.views.onlyFor(name, r.Inverse, func(s *sight) bool { return s.reads(r.From) && s.asks(r.From, r.Path) })
	}
	return o
}

// field adds a field to an object type that has such fields, and resolves it
// from the storage path.
func (b *builder) field(o *graphql.Object, at thing, f *schema.Field, path string, siblings schema.Fields) {
	config := &graphql.Field{Type: b.output(at, f), Description: describe(f), DeprecationReason: f.Deprecated}
	if isReferences(f) {
		b.references(o, f, path, config, siblings)
		return
	}
	o.AddFieldConfig(f.Name, config)
	switch f.Type {
	case "reference":
		b.resolve(o.Name(), f.Name, b.toOne(b.Model.Entity(f.To), f, path))
	default:
		b.resolve(o.Name(), f.Name, stored(f, path))
	}
}

func isReferences(f *schema.Field) bool { return f.Type == "list" && f.Of.Type == "reference" }

// output is the type of a field in an answer; at is the field itself. It is
// nullable: what an actor may not see is null.
func (b *builder) output(at thing, f *schema.Field) graphql.Output {
	switch f.Type {
	case "reference":
		return b.entity(b.Model.Entity(f.To))
	case "list":
		return graphql.NewList(graphql.NewNonNull(b.output(at, f.Of)))
	case "money", "phone", "file":
		return b.composite(f)
	case "object":
		suffix := ""
		if f.System {
			at, suffix = ofEntity(b.Model.Entity(f.Name)), "Role"
		}
		o, isNew := b.object(at, suffix, f.Description.In("en"))
		if isNew {
			b.viewPart(o.Name(), at, f)
			for _, sub := range f.Fields {
				b.field(o, at.field(sub), sub, sub.Name, f.Fields)
			}
		}
		return o
	}
	return b.leaf(at, f)
}

// viewPart says who sees what of an object within an entity. What a plugin's
// operation answers with, all see.
func (b *builder) viewPart(typeName string, at thing, f *schema.Field) {
	switch {
	case f.System:
		role := b.Model.Entity(f.Name)
		b.views.members[typeName] = func(s *sight, member string) bool {
			part := f.Sub(member)
			return part == nil || s.shows(role, f.Name+"."+member) && s.leads(part)
		}
	case at.kind != "result":
		b.views.parts(f.Fields, typeName, (*sight).leads)
	}
}

func (b *builder) composite(f *schema.Field) *graphql.Object {
	o, isNew := b.object(ofProgram(typeName(f.Type)), "", f.Kind().Doc())
	if isNew {
		for _, sub := range f.Subs() {
			o.AddFieldConfig(sub.Name, &graphql.Field{Type: b.leaf(thing{}, sub)})
			b.resolve(o.Name(), sub.Name, value(sub.Name))
		}
		if f.Type == "file" {
			o.AddFieldConfig(addressField, &graphql.Field{Type: graphql.String, Description: "Where the content is read: GET with the same key. It is null outside of a record."})
			b.resolve(o.Name(), addressField, value(addressField))
		}
	}
	return o
}

// leaf is the scalar or enum of a field, the same in answers, inputs and
// filters.
func (b *builder) leaf(at thing, f *schema.Field) graphql.Type {
	switch f.Type {
	case "integer":
		if f.Within32Bits() {
			return graphql.Int
		}
		return long
	case "decimal":
		return decimal
	case "boolean":
		return graphql.Boolean
	case "date":
		return date
	case "datetime":
		return dateTime
	case "enum", "state":
		return b.enum(at, f)
	case "reference", "file":
		return graphql.ID
	}
	return graphql.String
}

func (b *builder) enum(at thing, f *schema.Field) *graphql.Enum {
	e, _ := declare(b, at, "", func(name string) *graphql.Enum {
		values := graphql.EnumValueConfigMap{}
		for _, option := range f.Options {
			values[option.Value] = &graphql.EnumValueConfig{Value: option.Value, Description: optionText(option), DeprecationReason: option.Deprecated}
		}
		return graphql.NewEnum(graphql.EnumConfig{Name: name, Description: f.Description.In("en"), Values: values})
	})
	return e
}

// optionText is the label, and of a state where it leads.
func optionText(o schema.Option) string {
	if len(o.Next) == 0 {
		return o.Labels.In("en")
	}
	return strings.TrimSpace(o.Labels.In("en") + " → " + strings.Join(o.Next, ", "))
}

// values returns what a parent, a record or an object within one, holds.
func values(parent any) any {
	if r, ok := parent.(*core.Record); ok {
		return r.Values
	}
	return parent
}

func value(path string) execution.BatchResolve {
	return func(_ context.Context, p execution.BatchParams) ([]any, []error) {
		out := make([]any, len(p.Parents))
		for i, parent := range p.Parents {
			out[i] = schema.Lookup(values(parent), path)
		}
		return out, nil
	}
}

func system(name string) execution.BatchResolve {
	return func(_ context.Context, p execution.BatchParams) ([]any, []error) {
		out := make([]any, len(p.Parents))
		for i, parent := range p.Parents {
			out[i] = parent.(*core.Record).System(name)
		}
		return out, nil
	}
}
