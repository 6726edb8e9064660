package execution

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
)

// define makes of graphql-go's types what gqlparser validates documents with.
// Everything is in alphabetical order, so that what it suggests to clients is
// the same in every process.
func define(schema graphql.Schema) (*ast.Schema, error) {
	document := validator.PreludeDocument() // what every GraphQL schema has anyway
	d := &definer{}
	document.Schema = ast.SchemaDefinitionList{{OperationTypes: rootTypes(schema)}}
	for _, directive := range schema.Directives() {
		if document.Directives.ForName(directive.Name) == nil {
			document.Directives = append(document.Directives, d.directive(directive))
		}
	}
	for _, name := range typeNames(schema) {
		if t := schema.Type(name); !isStandard(t) {
			document.Definitions = append(document.Definitions, d.define(t))
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	defined, err := validator.ValidateSchemaDocument(document)
	if refused, ok := errors.AsType[*gqlerror.Error](err); ok {
		return nil, errors.New(refused.Message) // it names line -1, for want of a text
	}
	if err != nil {
		return nil, err
	}
	// Validation would let @defer pass, and execution would ignore it.
	delete(defined.Directives, "defer")
	return defined, nil
}

func isStandard(t graphql.Type) bool {
	return strings.HasPrefix(t.Name(), "__") || builtIn(t) != notBuiltIn
}

func rootTypes(schema graphql.Schema) ast.OperationTypeDefinitionList {
	var roots ast.OperationTypeDefinitionList
	for _, root := range []struct {
		operation ast.Operation
		object    *graphql.Object
	}{
		{ast.Query, schema.QueryType()},
		{ast.Mutation, schema.MutationType()},
		{ast.Subscription, schema.SubscriptionType()},
	} {
		if root.object != nil {
			roots = append(roots, &ast.OperationTypeDefinition{Operation: root.operation, Type: root.object.Name()})
		}
	}
	return roots
}

// definer keeps the first mistake that it meets.
type definer struct{ err error }

func (d *definer) directive(t *graphql.Directive) *ast.DirectiveDefinition {
	def := &ast.DirectiveDefinition{Name: t.Name, Description: t.Description, Arguments: d.arguments(t.Args)}
	for _, location := range t.Locations {
		def.Locations = append(def.Locations, ast.DirectiveLocation(location))
	}
	return def
}

func (d *definer) define(t graphql.Type) *ast.Definition {
	def := &ast.Definition{Name: t.Name(), Description: t.Description()}
	switch t := t.(type) {
	case *graphql.Scalar:
		def.Kind = ast.Scalar
	case *graphql.Object:
		def.Kind = ast.Object
		for _, iface := range t.Interfaces() {
			def.Interfaces = append(def.Interfaces, iface.Name())
		}
		def.Fields = d.fields(t.Fields())
	case *graphql.Interface:
		def.Kind = ast.Interface
		def.Fields = d.fields(t.Fields())
	case *graphql.Union:
		def.Kind = ast.Union
		for _, member := range t.Types() {
			def.Types = append(def.Types, member.Name())
		}
	case *graphql.Enum:
		def.Kind = ast.Enum
		for _, value := range sortedEnumValues(t) {
			def.EnumValues = append(def.EnumValues, &ast.EnumValueDefinition{
				Name: value.Name, Description: value.Description, Directives: deprecated(value.DeprecationReason),
			})
		}
	case *graphql.InputObject:
		def.Kind = ast.InputObject
		def.Fields = d.inputFields(t.Fields())
	}
	return def
}

func (d *definer) fields(fields graphql.FieldDefinitionMap) ast.FieldList {
	list := make(ast.FieldList, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name]
		list = append(list, &ast.FieldDefinition{
			Name: name, Description: f.Description, Type: typeReference(f.Type),
			Arguments: d.arguments(f.Args), Directives: deprecated(f.DeprecationReason),
		})
	}
	return list
}

func (d *definer) arguments(args []*graphql.Argument) ast.ArgumentDefinitionList {
	var list ast.ArgumentDefinitionList
	for _, arg := range sortedArguments(args) {
		list = append(list, &ast.ArgumentDefinition{
			Name: arg.Name(), Description: arg.Description(), Type: typeReference(arg.Type),
			DefaultValue: d.defaultValue(arg.Type, arg.DefaultValue),
		})
	}
	return list
}

func (d *definer) inputFields(fields graphql.InputObjectFieldMap) ast.FieldList {
	list := make(ast.FieldList, 0, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields[name]
		list = append(list, &ast.FieldDefinition{
			Name: name, Description: f.Description(), Type: typeReference(f.Type),
			DefaultValue: d.defaultValue(f.Type, f.DefaultValue),
		})
	}
	return list
}

func (d *definer) defaultValue(t graphql.Input, value any) *ast.Value {
	if value == nil {
		return nil
	}
	v, err := literal(t, value)
	if err != nil && d.err == nil {
		d.err = fmt.Errorf("default value %v: %w", value, err)
	}
	return v
}

func typeReference(t graphql.Type) *ast.Type {
	switch t := t.(type) {
	case *graphql.NonNull:
		of := typeReference(t.OfType)
		of.NonNull = true
		return of
	case *graphql.List:
		return ast.ListType(typeReference(t.OfType), nil)
	}
	return ast.NamedType(t.Name(), nil)
}

func deprecated(reason string) ast.DirectiveList {
	if reason == "" {
		return nil
	}
	return ast.DirectiveList{{Name: "deprecated", Arguments: ast.ArgumentList{
		{Name: "reason", Value: &ast.Value{Kind: ast.StringValue, Raw: reason}},
	}}}
}
