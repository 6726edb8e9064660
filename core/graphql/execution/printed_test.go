package execution

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// printSDL writes a schema in the schema definition language: a second way from
// graphql-go's types to gqlparser, by which the first is judged. What every
// GraphQL schema has anyway is left out.
func printSDL(schema graphql.Schema) (string, error) {
	p := &sdlPrinter{}
	p.roots(schema)
	for _, directive := range schema.Directives() {
		p.directive(directive)
	}
	for _, name := range typeNames(schema) {
		if !isStandard(schema.Type(name)) {
			p.typ(schema.Type(name))
		}
	}
	return p.String(), p.err
}

type sdlPrinter struct {
	strings.Builder
	err error
}

func (p *sdlPrinter) printf(format string, args ...any) { fmt.Fprintf(p, format, args...) }

func (p *sdlPrinter) roots(schema graphql.Schema) {
	p.printf("schema {\n")
	for _, root := range []struct {
		operation ast.Operation
		object    *graphql.Object
	}{
		{ast.Query, schema.QueryType()},
		{ast.Mutation, schema.MutationType()},
		{ast.Subscription, schema.SubscriptionType()},
	} {
		if root.object != nil {
			p.printf("  %s: %s\n", root.operation, root.object.Name())
		}
	}
	p.printf("}\n")
}

func (p *sdlPrinter) directive(d *graphql.Directive) {
	switch d.Name {
	case "include", "skip", "deprecated", "specifiedBy", "oneOf":
		return
	}
	p.printf("\n")
	p.description("", d.Description)
	p.printf("directive @%s", d.Name)
	p.arguments("", d.Args)
	p.printf(" on %s\n", strings.Join(d.Locations, " | "))
}

func (p *sdlPrinter) typ(t graphql.Type) {
	p.printf("\n")
	p.description("", t.Description())
	switch t := t.(type) {
	case *graphql.Scalar:
		p.printf("scalar %s\n", t.Name())
	case *graphql.Object:
		p.printf("type %s", t.Name())
		for i, iface := range t.Interfaces() {
			p.printf("%s%s", [...]string{" implements ", " & "}[min(i, 1)], iface.Name())
		}
		p.fields(t.Fields())
	case *graphql.Interface:
		p.printf("interface %s", t.Name())
		p.fields(t.Fields())
	case *graphql.Union:
		p.printf("union %s", t.Name())
		for i, member := range t.Types() {
			p.printf("%s%s", [...]string{" = ", " | "}[min(i, 1)], member.Name())
		}
		p.printf("\n")
	case *graphql.Enum:
		p.enum(t)
	case *graphql.InputObject:
		p.input(t)
	}
}

func (p *sdlPrinter) fields(fields graphql.FieldDefinitionMap) {
	p.printf(" {\n")
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		def := fields[name]
		p.description("  ", def.Description)
		p.printf("  %s", name)
		p.arguments("  ", sortedArguments(def.Args))
		p.printf(": %s", def.Type)
		p.deprecated(def.DeprecationReason)
		p.printf("\n")
	}
	p.printf("}\n")
}

func (p *sdlPrinter) arguments(indent string, args []*graphql.Argument) {
	if len(args) == 0 {
		return
	}
	p.printf("(\n")
	for _, arg := range sortedArguments(args) {
		p.description(indent+"  ", arg.Description())
		p.printf("%s  %s: %s", indent, arg.Name(), arg.Type)
		p.defaultValue(arg.Type, arg.DefaultValue)
		p.printf("\n")
	}
	p.printf("%s)", indent)
}

func (p *sdlPrinter) enum(t *graphql.Enum) {
	p.printf("enum %s {\n", t.Name())
	for _, value := range sortedEnumValues(t) {
		p.description("  ", value.Description)
		p.printf("  %s", value.Name)
		p.deprecated(value.DeprecationReason)
		p.printf("\n")
	}
	p.printf("}\n")
}

func (p *sdlPrinter) input(t *graphql.InputObject) {
	p.printf("input %s {\n", t.Name())
	fields := t.Fields()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		p.description("  ", fields[name].Description())
		p.printf("  %s: %s", name, fields[name].Type)
		p.defaultValue(fields[name].Type, fields[name].DefaultValue)
		p.printf("\n")
	}
	p.printf("}\n")
}

func (p *sdlPrinter) defaultValue(t graphql.Input, value any) {
	if value == nil {
		return
	}
	v, err := literal(t, value)
	if err != nil {
		p.err = fmt.Errorf("default value %v: %w", value, err)
		return
	}
	p.printf(" = %s", literalText(v))
}

func (p *sdlPrinter) deprecated(reason string) {
	if reason != "" {
		p.printf(" @deprecated(reason: %s)", quote(reason))
	}
}

func (p *sdlPrinter) description(indent, text string) {
	if text != "" {
		p.printf("%s%s\n", indent, quote(text))
	}
}

func quote(s string) string {
	return (&ast.Value{Kind: ast.StringValue, Raw: s}).String()
}
