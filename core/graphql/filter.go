package graphql

import (
	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/schema"
)

// filterOf is the input type of an entity's filter: and, or, not, and every
// field that CanFilter allows.
func (b *builder) filterOf(e *schema.Entity) *graphql.InputObject {
	name := typeName(e.Name) + "Filter"
	return b.input(name, "Selects "+e.Plural+". All that is named must hold.", func() graphql.InputObjectConfigFieldMap {
		fields := b.connectives(name)
		for _, f := range schema.SystemFields {
			if e.CanFilter(f) {
				b.addFilter(e, fields, typeName(e.Name), f, true)
			}
		}
		for _, f := range e.Fields {
			parent := typeName(e.Name)
			if e.IsRole() && f.Path == "" {
				parent = typeName(e.Base.Name)
			}
			b.addFilter(e, fields, parent, f, e.CanFilter(f))
		}
		return fields
	})
}

func (b *builder) connectives(name string) graphql.InputObjectConfigFieldMap {
	self := func() graphql.Input { return b.inputs[name] }
	return graphql.InputObjectConfigFieldMap{
		"and": {Type: graphql.NewList(graphql.NewNonNull(self())), Description: "All of these hold."},
		"or":  {Type: graphql.NewList(graphql.NewNonNull(self())), Description: "At least one of these holds."},
		"not": {Type: self(), Description: "This does not hold."},
	}
}

// addFilter adds a field, if it may be filtered by or holds something that
// may.
func (b *builder) addFilter(e *schema.Entity, fields graphql.InputObjectConfigFieldMap, parent string, f *schema.Field, can bool) {
	var t graphql.Input
	switch {
	case f.Type == "object":
		if name := partName(parent, f); !f.System && hasFilter(e, f.Fields) {
			t = b.filterOfParts(e, name, f.Fields)
		}
	case f.Type == "list" && f.Of.Type == "object":
		if name := partName(parent, f); hasFilter(e, f.Of.Fields) {
			t = b.quantified(name, b.filterOfParts(e, name, f.Of.Fields))
		}
	case !can:
	case f.Type == "list":
		of := *f.Of
		of.Name = singular(f.Name)
		t = b.listFilter(parent, &of)
	default:
		t = b.fieldFilter(parent, f)
	}
	if t != nil {
		fields[f.Name] = &graphql.InputObjectFieldConfig{Type: t, Description: f.Description.In("en")}
	}
}

func (b *builder) listFilter(parent string, of *schema.Field) graphql.Input {
	item := b.fieldFilter(parent, of).(*graphql.InputObject)
	name := item.Name()
	return b.quantified(name[:len(name)-len("Filter")], item)
}

// quantified is the filter of a list: some, none or every of its items.
func (b *builder) quantified(item string, filter graphql.Input) graphql.Input {
	return b.input(item+"ListFilter", "Says how many items of a list must match.", func() graphql.InputObjectConfigFieldMap {
		return graphql.InputObjectConfigFieldMap{
			"some":   {Type: filter, Description: "At least one item matches."},
			"none":   {Type: filter, Description: "No item matches."},
			"every":  {Type: filter, Description: "Every item matches; an empty list does."},
			"isNull": {Type: graphql.Boolean, Description: "There is no item at all (true), or one (false)."},
		}
	})
}

// filterOfParts is the filter of what lies inside an object.
func (b *builder) filterOfParts(e *schema.Entity, name string, parts schema.Fields) *graphql.InputObject {
	return b.input(name+"Filter", "", func() graphql.InputObjectConfigFieldMap {
		fields := b.connectives(name + "Filter")
		for _, f := range parts {
			b.addFilter(e, fields, name, f, e.CanFilter(f))
		}
		return fields
	})
}

func hasFilter(e *schema.Entity, fields schema.Fields) bool {
	for _, f := range fields {
		if e.CanFilter(f) || f.Type == "object" && hasFilter(e, f.Fields) || f.Type == "list" && f.Of.Type == "object" && hasFilter(e, f.Of.Fields) {
			return true
		}
	}
	return false
}

// fieldFilter is the filter of one value, shared by all fields of a type.
func (b *builder) fieldFilter(parent string, f *schema.Field) graphql.Input {
	leaf := b.leaf(parent, f).(graphql.Input)
	name := leaf.(graphql.Type).Name()
	switch f.Type {
	case "reference":
		return b.referenceFilter(f)
	case "money", "phone":
		name = typeName(f.Type)
	}
	return b.input(name+"Filter", "", func() graphql.InputObjectConfigFieldMap {
		fields := operators(f, leaf)
		for _, sub := range f.Subs() {
			b.addFilter(nil, fields, "", sub, true)
		}
		return fields
	})
}

// referenceFilter compares the id, and reaches over to the record that is
// referred to.
func (b *builder) referenceFilter(f *schema.Field) graphql.Input {
	target := b.Model.Entity(f.To)
	return b.input(typeName(target.Name)+"ReferenceFilter", "Selects by the id of the "+target.Name+", or by its fields.", func() graphql.InputObjectConfigFieldMap {
		fields := operators(f, graphql.ID)
		for name, inner := range b.filterOf(target).Fields() {
			if fields[name] == nil {
				fields[name] = &graphql.InputObjectFieldConfig{Type: inner.Type, Description: inner.PrivateDescription}
			}
		}
		return fields
	})
}

func operators(f *schema.Field, leaf graphql.Input) graphql.InputObjectConfigFieldMap {
	fields := graphql.InputObjectConfigFieldMap{}
	for _, op := range f.Kind().Operators() {
		t := leaf
		switch op {
		case schema.OpIn, schema.OpNotIn:
			t = graphql.NewList(graphql.NewNonNull(leaf))
		case schema.OpIsNull:
			t = graphql.Boolean
		}
		fields[string(op)] = &graphql.InputObjectFieldConfig{Type: t}
	}
	return fields
}
