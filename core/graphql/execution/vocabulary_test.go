package execution

import (
	"fmt"

	"github.com/graphql-go/graphql"
	gqlast "github.com/graphql-go/graphql/language/ast"
)

// vocabulary are the types of a shop that take arguments or are abstract. Each
// shop has its own, because graphql-go changes types when it builds a schema.
type vocabulary struct {
	color      *graphql.Enum
	even, json *graphql.Scalar
	point      *graphql.InputObject
	pet        *graphql.Interface
	dog, cat   *graphql.Object
	either     *graphql.Union
}

func newVocabulary() *vocabulary {
	v := &vocabulary{}
	v.inputs()
	v.pets()
	return v
}

func (v *vocabulary) inputs() {
	v.color = graphql.NewEnum(graphql.EnumConfig{Name: "Color", Values: graphql.EnumValueConfigMap{
		"RED": {Value: 1, Description: "like a rose"}, "BLUE": {Value: 2}, "PINK": {Value: 3, DeprecationReason: "use RED"},
	}})
	v.even = graphql.NewScalar(graphql.ScalarConfig{
		Name:        "Even",
		Description: "An integer without remainder.\nIt may be \"big\".",
		Serialize:   func(v any) any { return v },
		ParseValue: func(v any) any {
			if n, ok := v.(int64); ok && n%2 == 0 {
				return n
			} else if ok {
				return fmt.Errorf("it is odd")
			}
			return nil
		},
		ParseLiteral: func(gqlast.Value) any { return nil },
	})
	v.json = graphql.NewScalar(graphql.ScalarConfig{
		Name:         "JSON",
		Serialize:    func(v any) any { return v },
		ParseValue:   func(v any) any { return v },
		ParseLiteral: func(gqlast.Value) any { return nil },
	})
	v.point = graphql.NewInputObject(graphql.InputObjectConfig{Name: "Point", Fields: graphql.InputObjectConfigFieldMap{
		"x": {Type: graphql.NewNonNull(graphql.Int)}, "y": {Type: graphql.Int, DefaultValue: 7},
		"note": {Type: graphql.String}, "colors": {Type: graphql.NewList(graphql.NewNonNull(v.color))},
		"even": {Type: v.even},
	}})
}

func (v *vocabulary) pets() {
	is := func(value any, kind string) bool { return value.(map[string]any)["kind"] == kind }
	v.pet = graphql.NewInterface(graphql.InterfaceConfig{
		Name:   "Pet",
		Fields: graphql.Fields{"name": {Type: graphql.String}},
		ResolveType: func(p graphql.ResolveTypeParams) *graphql.Object {
			switch {
			case is(p.Value, "dog"):
				return v.dog
			case is(p.Value, "cat"):
				return v.cat
			}
			return nil
		},
	})
	v.dog = graphql.NewObject(graphql.ObjectConfig{
		Name:       "Dog",
		Interfaces: []*graphql.Interface{v.pet},
		Fields:     graphql.Fields{"name": {Type: graphql.String}, "barks": {Type: graphql.Boolean}},
		IsTypeOf:   func(p graphql.IsTypeOfParams) bool { return is(p.Value, "dog") },
	})
	v.cat = graphql.NewObject(graphql.ObjectConfig{
		Name:       "Cat",
		Interfaces: []*graphql.Interface{v.pet},
		Fields:     graphql.Fields{"name": {Type: graphql.String}, "lives": {Type: graphql.Int}},
		IsTypeOf:   func(p graphql.IsTypeOfParams) bool { return is(p.Value, "cat") },
	})
	v.either = graphql.NewUnion(graphql.UnionConfig{Name: "DogOrCat", Types: []*graphql.Object{v.dog, v.cat}})
}
