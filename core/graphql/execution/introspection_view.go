package execution

import (
	"slices"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// introspectViews leaves out of what graphql-go answers what a request does not
// see.
func (e *Engine) introspectViews() {
	root, schema, typ := e.types.roots[ast.Query], e.types.objects["__Schema"], e.types.objects["__Type"]
	for _, at := range []*field{root.fields["__type"], schema.fields["mutationType"], schema.fields["subscriptionType"]} {
		e.filter(at, func(seen *view, _, answer any) any {
			if t, ok := answer.(graphql.Type); ok && !isNil(t) && !seen.has(t.Name()) {
				return nil
			}
			return answer
		})
	}
	type member struct {
		field string
		name  func(item any) string
	}
	for _, m := range []member{
		{"fields", func(item any) string { return item.(*graphql.FieldDefinition).Name }},
		{"inputFields", func(item any) string { return item.(*graphql.InputObjectField).Name() }},
		{"enumValues", func(item any) string { return item.(*graphql.EnumValueDefinition).Name }},
	} {
		e.filter(typ.fields[m.field], func(seen *view, parent, answer any) any {
			of := parent.(graphql.Type).Name()
			return seen.members(of, answer, m.name)
		})
	}
	for _, field := range []string{"possibleTypes", "interfaces"} {
		e.filter(typ.fields[field], func(seen *view, _, answer any) any {
			return slices.DeleteFunc(slices.Clone(items(answer)), func(item any) bool { return !seen.has(item.(graphql.Type).Name()) })
		})
	}
}

// filter puts a view between what a field of introspection answers and the
// request.
func (e *Engine) filter(f *field, left func(seen *view, parent, answer any) any) {
	answer := f.resolve
	f.resolve = func(p graphql.ResolveParams) (any, error) {
		all, err := answer(p)
		seen := e.view(p.Context)
		if err != nil || isNil(all) || seen.isWhole() {
			return all, err
		}
		return left(seen, p.Source, all), nil
	}
}

// members leaves of a type's members those that are seen, and of their arguments.
func (v *view) members(of string, all any, name func(item any) string) []any {
	left := []any{}
	for _, item := range items(all) {
		if v.hidden[of][name(item)] {
			continue
		}
		if f, ok := item.(*graphql.FieldDefinition); ok {
			item = v.arguments(of, f)
		}
		left = append(left, item)
	}
	return left
}

func (v *view) arguments(of string, f *graphql.FieldDefinition) *graphql.FieldDefinition {
	def := v.defined.Types[of].Fields.ForName(f.Name)
	if def == nil || len(def.Arguments) == len(f.Args) {
		return f
	}
	left := *f
	left.Args = slices.DeleteFunc(slices.Clone(f.Args), func(a *graphql.Argument) bool { return def.Arguments.ForName(a.Name()) == nil })
	return &left
}
