package graphql

import (
	"strings"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/schema"
)

// filterOf is the input type of an entity's filter: and, or, not, and every
// field that CanFilter allows.
func (b *builder) filterOf(e *schema.Entity) *graphql.InputObject {
	var filter *graphql.InputObject
	filter = b.input(ofEntity(e), "Filter", "Selects "+e.Plural+". All that is named must hold.", func() graphql.InputObjectConfigFieldMap {
		fields := connectives(filter)
		for _, f := range schema.SystemFields {
			if e.CanFilter(f) {
				b.addFilter(e, fields, thing{}, f, true)
			}
		}
		for _, f := range e.Fields {
			b.addFilter(e, fields, fieldOf(e, f), f, e.CanFilter(f))
		}
		return fields
	})
	b.views.of(e, filter.Name(), func(s *sight, f *schema.Field, path string) bool { return s.asks(e, path) && s.leads(f) })
	return filter
}

func connectives(self *graphql.InputObject) graphql.InputObjectConfigFieldMap {
	return graphql.InputObjectConfigFieldMap{
		"and": {Type: graphql.NewList(graphql.NewNonNull(self)), Description: "All of these hold."},
		"or":  {Type: graphql.NewList(graphql.NewNonNull(self)), Description: "At least one of these holds."},
		"not": {Type: self, Description: "This does not hold."},
	}
}

// addFilter adds a field, if it may be filtered by or holds something that
// may.
func (b *builder) addFilter(e *schema.Entity, fields graphql.InputObjectConfigFieldMap, at thing, f *schema.Field, can bool) {
	var t graphql.Input
	switch {
	case f.Type == "object":
		if !f.System && hasFilter(e, f.Fields) {
			t = b.filterOfParts(e, at, f.Fields)
		}
	case f.Type == "list" && f.Of.Type == "object":
		if hasFilter(e, f.Of.Fields) {
			t = b.quantified(at, "Filter", b.filterOfParts(e, at, f.Of.Fields))
		}
	case !can:
	case f.Type == "list":
		owner, suffix := b.filteredBy(at, f.Of)
		t = b.quantified(owner, suffix, b.fieldFilter(at, f.Of))
	default:
		t = b.fieldFilter(at, f)
	}
	if t != nil {
		fields[f.Name] = &graphql.InputObjectFieldConfig{Type: t, Description: f.Description.In("en")}
	}
}

// quantified is the filter of a list: some, none or every of its items, whose
// own filter is named after t and suffix.
func (b *builder) quantified(t thing, suffix string, filter graphql.Input) graphql.Input {
	return b.input(t, strings.TrimSuffix(suffix, "Filter")+"ListFilter", "Says how many items of a list must match.", func() graphql.InputObjectConfigFieldMap {
		return graphql.InputObjectConfigFieldMap{
			"some":   {Type: filter, Description: "At least one item matches."},
			"none":   {Type: filter, Description: "No item matches."},
			"every":  {Type: filter, Description: "Every item matches; an empty list does."},
			"isNull": {Type: graphql.Boolean, Description: "There is no item at all (true), or one (false)."},
		}
	})
}

// filterOfParts is the filter of what lies inside an object.
func (b *builder) filterOfParts(e *schema.Entity, at thing, parts schema.Fields) *graphql.InputObject {
	var filter *graphql.InputObject
	filter = b.input(at, "Filter", "", func() graphql.InputObjectConfigFieldMap {
		fields := connectives(filter)
		for _, f := range parts {
			b.addFilter(e, fields, at.field(f), f, e.CanFilter(f))
		}
		return fields
	})
	b.views.parts(parts, filter.Name(), (*sight).leads)
	return filter
}

func hasFilter(e *schema.Entity, fields schema.Fields) bool {
	for _, f := range fields {
		if e.CanFilter(f) || f.Type == "object" && hasFilter(e, f.Fields) || f.Type == "list" && f.Of.Type == "object" && hasFilter(e, f.Of.Fields) {
			return true
		}
	}
	return false
}

// filteredBy says whose the filter of one value is, and what its name ends with.
func (b *builder) filteredBy(at thing, f *schema.Field) (owner thing, suffix string) {
	switch f.Type {
	case "reference":
		return ofEntity(b.Model.Entity(f.To)), "ReferenceFilter"
	case "money", "phone":
		return ofProgram(typeName(f.Type)), "Filter"
	case "enum", "state":
		return at, "Filter"
	}
	return ofProgram(b.leaf(at, f).Name()), "Filter"
}

// fieldFilter is the filter of one value, shared by all fields of a type.
func (b *builder) fieldFilter(at thing, f *schema.Field) graphql.Input {
	if f.Type == "reference" {
		return b.referenceFilter(f)
	}
	leaf := b.leaf(at, f).(graphql.Input)
	owner, suffix := b.filteredBy(at, f)
	return b.input(owner, suffix, "", func() graphql.InputObjectConfigFieldMap {
		fields := operators(f, leaf)
		for _, sub := range f.Subs() {
			b.addFilter(nil, fields, thing{}, sub, sub.Indexed())
		}
		return fields
	})
}

// referenceFilter compares the id, and reaches over to the record that is
// referred to.
func (b *builder) referenceFilter(f *schema.Field) graphql.Input {
	target := b.Model.Entity(f.To)
	filter := b.input(ofEntity(target), "ReferenceFilter", "Selects by the id of the "+target.Name+", or by its fields.", func() graphql.InputObjectConfigFieldMap {
		fields := operators(f, graphql.ID)
		for name, inner := range b.filterOf(target).Fields() {
			if fields[name] == nil {
				fields[name] = &graphql.InputObjectFieldConfig{Type: inner.Type, Description: inner.PrivateDescription}
			}
		}
		return fields
	})
	ids := operators(f, graphql.ID)
	b.views.members[filter.Name()] = func(s *sight, member string) bool {
		if ids[member] != nil && member != string(schema.OpDangling) {
			return true
		}
		at := target.Field(member)
		return s.reads(target) && (at == nil || s.asks(target, at.StoragePath()) && s.leads(at))
	}
	return filter
}

func operators(f *schema.Field, leaf graphql.Input) graphql.InputObjectConfigFieldMap {
	fields := graphql.InputObjectConfigFieldMap{}
	for _, op := range f.Kind().Operators() {
		t := leaf
		switch op {
		case schema.OpIn, schema.OpNotIn:
			t = graphql.NewList(graphql.NewNonNull(leaf))
		case schema.OpIsNull, schema.OpDangling:
			t = graphql.Boolean
		case schema.OpMatches:
			t = graphql.String
		}
		fields[string(op)] = &graphql.InputObjectFieldConfig{Type: t}
		switch op {
		case schema.OpMatches:
			fields[string(op)].Description = "It is this number, in any spelling, or the number of a company of which this one is a line."
		case schema.OpDangling:
			fields[string(op)].Description = "It leads to no living record that you may see (true), or is empty or leads to one (false)."
		}
	}
	if schema.IgnoresCase(f.Kind()) {
		fields["ignoreCase"] = &graphql.InputObjectFieldConfig{Type: graphql.Boolean, Description: "The eq, contains, startsWith and endsWith beside it take texts for the same that differ by case alone."}
	}
	return fields
}
