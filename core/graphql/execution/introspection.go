package execution

import (
	"sort"

	"github.com/graphql-go/graphql"
)

// completeIntrospection makes graphql-go's introspection answer all that
// gqlparser lets a client ask (graphql-go's is older than the specification),
// in a stable order, with defaults that are written as literals, and no more
// than the client sees.
func (e *Engine) completeIntrospection() {
	t := e.types
	schema, typ := t.objects["__Schema"], t.objects["__Type"]
	value, directive := t.objects["__InputValue"], t.objects["__Directive"]

	schema.constant("description", graphql.String, nil)
	schema.fields["types"].resolve = func(p graphql.ResolveParams) (any, error) {
		var all []graphql.Type
		seen := e.view(p.Context)
		for _, name := range typeNames(t.schema) {
			if seen.has(name) {
				all = append(all, t.schema.Type(name))
			}
		}
		return all, nil
	}

	typ.constant("specifiedByURL", graphql.String, nil)
	typ.constant("isOneOf", graphql.Boolean, false)
	typ.fields["interfaces"].resolve = interfacesOf
	e.introspectViews()
	typ.sort("fields", func(item any) string { return item.(*graphql.FieldDefinition).Name })
	typ.sort("inputFields", func(item any) string { return item.(*graphql.InputObjectField).Name() })
	typ.sort("enumValues", func(item any) string { return item.(*graphql.EnumValueDefinition).Name })
	typ.sort("possibleTypes", func(item any) string { return item.(*graphql.Object).Name() })

	value.constant("isDeprecated", graphql.NewNonNull(graphql.Boolean), false)
	value.constant("deprecationReason", graphql.String, nil)
	value.fields["defaultValue"].resolve = defaultLiteral

	directive.constant("isRepeatable", graphql.NewNonNull(graphql.Boolean), false)
	argumentName := func(item any) string { return item.(*graphql.Argument).Name() }
	directive.fields["args"].resolve = func(p graphql.ResolveParams) (any, error) {
		return p.Source.(*graphql.Directive).Args, nil
	}
	directive.sort("args", argumentName)
	t.objects["__Field"].sort("args", argumentName)
	for _, described := range []string{"__Type", "__Field", "__InputValue", "__EnumValue"} {
		e.saying(t.objects[described].fields["description"])
	}
}

// saying lets a description be in the language of the request.
func (e *Engine) saying(f *field) {
	answer := f.resolve
	if answer == nil {
		answer = graphql.DefaultResolveFn
	}
	f.resolve = func(p graphql.ResolveParams) (any, error) {
		text, err := answer(p)
		english, is := text.(string)
		if err != nil || !is || english == "" || e.say == nil {
			return text, err
		}
		if say := e.say(p.Context); say != nil {
			return say(english), nil
		}
		return text, nil
	}
}

func (t *objectType) constant(name string, typ graphql.Output, value any) {
	t.add(&graphql.FieldDefinition{
		Name:    name,
		Type:    typ,
		Resolve: func(graphql.ResolveParams) (any, error) { return value, nil },
	})
}

// sort orders what a list field answers, because graphql-go answers from maps.
func (t *objectType) sort(name string, key func(any) string) {
	answer := t.fields[name].resolve
	t.fields[name].resolve = func(p graphql.ResolveParams) (any, error) {
		value, err := answer(p)
		if err != nil || isNil(value) {
			return value, err
		}
		sorted := append([]any(nil), items(value)...)
		sort.Slice(sorted, func(i, j int) bool { return key(sorted[i]) < key(sorted[j]) })
		if sorted == nil {
			sorted = []any{}
		}
		return sorted, nil
	}
}

func interfacesOf(p graphql.ResolveParams) (any, error) {
	switch t := p.Source.(type) {
	case *graphql.Object:
		return t.Interfaces(), nil
	case *graphql.Interface:
		return []any{}, nil
	}
	return nil, nil
}

func defaultLiteral(p graphql.ResolveParams) (any, error) {
	var t graphql.Input
	var value any
	switch source := p.Source.(type) {
	case *graphql.Argument:
		t, value = source.Type, source.DefaultValue
	case *graphql.InputObjectField:
		t, value = source.Type, source.DefaultValue
	}
	if value == nil {
		return nil, nil
	}
	v, err := literal(t, value)
	if err != nil {
		return nil, err
	}
	return literalText(v), nil
}

// What introspection costs: its values lie in memory, and tools ask for all of
// them, however large the model is.
const (
	minPerValue          = 20 // values that cost as much as one of a record, at least
	introspectionsAtOnce = 4  // of the whole schema, that one request may cost
)

// introspectionSizes says how long the lists of the introspection are on
// average, and about how many values the query has that every tool sends.
func introspectionSizes(t *types) (sizes map[FieldName]int, whole int) {
	types, fields, args, inputs, values := len(t.schema.TypeMap()), 0, 0, 0, 0
	for _, typ := range t.schema.TypeMap() {
		switch typ := typ.(type) {
		case *graphql.Object:
			fields += len(typ.Fields())
			for _, f := range typ.Fields() {
				args += len(f.Args)
			}
		case *graphql.InputObject:
			inputs += len(typ.Fields())
		case *graphql.Enum:
			values += len(typ.Values())
		}
	}
	per := func(n, of int) int { return (n + of - 1) / max(of, 1) }
	args, fields, inputs, values = per(args, fields), per(fields, types), per(inputs, types), per(values, types)
	const typ, input = 30, 36 // how deep tools look into what is a list or not null
	return map[FieldName]int{
		{"__Schema", "types"}: types, {"__Type", "fields"}: fields, {"__Type", "inputFields"}: inputs,
		{"__Type", "enumValues"}: values, {"__Field", "args"}: args,
		{"__Type", "interfaces"}: 1, {"__Type", "possibleTypes"}: 1, // this API has none
		{"__Schema", "directives"}: 5, {"__Directive", "locations"}: 5, {"__Directive", "args"}: 1,
	}, types * (2*typ + 10 + fields*(input+args*input) + inputs*input + values*5)
}
