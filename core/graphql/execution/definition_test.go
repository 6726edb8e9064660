package execution

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// AsPrinted fails unless the engine validates documents against the very
// schema that gqlparser reads when it is printed.
func AsPrinted(t *testing.T, e *Engine) {
	t.Helper()
	sdl, err := printSDL(e.types.schema)
	if err != nil {
		t.Fatal(err)
	}
	read, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	delete(read.Directives, "defer")
	// What was never written has no places.
	places := cmp.Options{cmpopts.IgnoreTypes(&ast.Position{}, []*ast.Position{}), cmpopts.EquateEmpty()}
	if diff := cmp.Diff(read, e.whole.defined, places); diff != "" {
		t.Errorf("the schema differs from the printed one (-printed +defined):\n%s", diff)
	}
}

func TestASchemaIsDefinedAsItIsPrinted(t *testing.T) {
	t.Parallel()
	AsPrinted(t, newShop(t, Limits{}).engine)
}

func TestDirectivesAndDefaultsAreDefinedAsTheyArePrinted(t *testing.T) {
	t.Parallel()
	v := newVocabulary()
	argument := func(t graphql.Input, value any) *graphql.ArgumentConfig {
		return &graphql.ArgumentConfig{Type: t, DefaultValue: value, Description: "A \"default\"\nvalue."}
	}
	schema, err := graphql.NewSchema(graphql.SchemaConfig{
		Query: graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: graphql.Fields{"all": {Type: v.json, Args: graphql.FieldConfigArgument{
			"float": argument(graphql.Float, -1.5), "huge": argument(graphql.Float, 1e30), "whole": argument(graphql.Float, 2.0),
			"negative": argument(graphql.Int, -3), "no": argument(graphql.Boolean, false), "id": argument(graphql.ID, "x"),
			"empty": argument(graphql.String, ""), "holes": argument(graphql.NewList(graphql.Int), []any{1, nil}),
			"single": argument(graphql.NewList(graphql.Int), 4), "none": argument(v.json, []any{}), "unset": argument(v.json, map[string]any{"a": nil, "b": 1.5}),
			"points": argument(graphql.NewNonNull(graphql.NewList(graphql.NewNonNull(v.point))), []any{map[string]any{"x": 1, "colors": []any{1, 2}}}),
		}}}}),
		Directives: append([]*graphql.Directive{graphql.NewDirective(graphql.DirectiveConfig{
			Name: "cached", Description: "Says how long.", Locations: []string{graphql.DirectiveLocationField, graphql.DirectiveLocationQuery},
			Args: graphql.FieldConfigArgument{"seconds": argument(graphql.Int, 60), "colors": argument(graphql.NewList(v.color), []any{1})},
		})}, graphql.SpecifiedDirectives...),
		Types: []graphql.Type{v.color},
	})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := New(Config{Schema: schema})
	if err != nil {
		t.Fatal(err)
	}
	AsPrinted(t, engine)
}
