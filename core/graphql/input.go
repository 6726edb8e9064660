package graphql

import (
	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/schema"
)

// inputOf is the input type of an entity's data, for creations and updates
// alike. Nothing in it is required by its type: what is missing is reported
// together with everything else that does not fit.
func (b *builder) inputOf(e *schema.Entity) *graphql.InputObject {
	input := b.input(ofEntity(e), "Input", "Data of a "+e.Name+". A field that is null is cleared, one that is left out stays as it is.", func() graphql.InputObjectConfigFieldMap {
		fields := graphql.InputObjectConfigFieldMap{}
		for _, f := range e.Fields {
			b.addInput(fields, fieldOf(e, f), f)
		}
		return fields
	})
	b.views.of(e, input.Name(), func(s *sight, f *schema.Field, path string) bool { return s.writes(e, path) && s.refers(f) })
	return input
}

func (b *builder) addInput(fields graphql.InputObjectConfigFieldMap, at thing, f *schema.Field) {
	if !f.System {
		fields[f.Name] = &graphql.InputObjectFieldConfig{Type: b.inputType(at, f), Description: describe(f)}
	}
}

// inputType is the type of a field in what is written; at is the field itself.
func (b *builder) inputType(at thing, f *schema.Field) graphql.Input {
	switch f.Type {
	case "list":
		return graphql.NewList(graphql.NewNonNull(b.inputType(at, f.Of)))
	case "money":
		return b.input(ofProgram("Money"), "Input", f.Kind().Doc(), func() graphql.InputObjectConfigFieldMap {
			return graphql.InputObjectConfigFieldMap{
				"amount":   {Type: decimal, Description: "The exact amount, as a text: \"12.50\"."},
				"currency": {Type: graphql.String, Description: "ISO 4217, for example EUR. It may be left out where the field has a currency of its own."},
			}
		})
	case "object":
		input := b.input(at, "Input", f.Description.In("en"), func() graphql.InputObjectConfigFieldMap {
			fields := graphql.InputObjectConfigFieldMap{}
			for _, sub := range f.Fields {
				b.addInput(fields, at.field(sub), sub)
			}
			return fields
		})
		if at.kind == "field" { // and not the argument of a plugin's operation
			b.views.parts(f.Fields, input.Name(), (*sight).refers)
		}
		return input
	}
	return b.leaf(at, f).(graphql.Input)
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
