package graphql

import (
	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/schema"
)

// inputOf is the input type of an entity's data, for creations and updates
// alike. Nothing in it is required by its type: what is missing is reported
// together with everything else that does not fit.
func (b *builder) inputOf(e *schema.Entity) *graphql.InputObject {
	name := typeName(e.Name)
	return b.input(name+"Input", "Data of a "+e.Name+". A field that is null is cleared, one that is left out stays as it is.", func() graphql.InputObjectConfigFieldMap {
		fields := graphql.InputObjectConfigFieldMap{}
		for _, f := range e.Fields {
			parent := name
			if e.IsRole() && f.Path == "" {
				parent = typeName(e.Base.Name)
			}
			b.addInput(fields, parent, f)
		}
		return fields
	})
}

func (b *builder) addInput(fields graphql.InputObjectConfigFieldMap, parent string, f *schema.Field) {
	if !f.System {
		fields[f.Name] = &graphql.InputObjectFieldConfig{Type: b.inputType(parent, f), Description: describe(f)}
	}
}

func (b *builder) inputType(parent string, f *schema.Field) graphql.Input {
	switch f.Type {
	case "list":
		of := *f.Of
		of.Name = singular(f.Name)
		return graphql.NewList(graphql.NewNonNull(b.inputType(parent, &of)))
	case "money":
		return b.input("MoneyInput", f.Kind().Doc(), func() graphql.InputObjectConfigFieldMap {
			return graphql.InputObjectConfigFieldMap{
				"amount":   {Type: decimal, Description: "The exact amount, as a text: \"12.50\"."},
				"currency": {Type: graphql.String, Description: "ISO 4217, for example EUR. It may be left out where the field has a currency of its own."},
			}
		})
	case "object":
		name := partName(parent, f)
		return b.input(name+"Input", f.Description.In("en"), func() graphql.InputObjectConfigFieldMap {
			fields := graphql.InputObjectConfigFieldMap{}
			for _, sub := range f.Fields {
				b.addInput(fields, name, sub)
			}
			return fields
		})
	}
	return b.leaf(parent, f).(graphql.Input)
}

// byStoragePath turns the data of an input into what a record.Draft sets.
func byStoragePath(e *schema.Entity, data any) map[string]any {
	given, _ := data.(map[string]any)
	set := make(map[string]any, len(given))
	for name, value := range given {
		set[e.Field(name).StoragePath()] = value
	}
	return set
}
