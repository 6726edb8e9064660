package execution

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/graphql-go/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// types is the schema in the form that execution needs: complete and read-only.
type types struct {
	schema  graphql.Schema
	objects map[string]*objectType
	roots   map[ast.Operation]*objectType // nil for what the schema does not have
}

type objectType struct {
	name   string
	graph  *graphql.Object
	is     map[string]bool // itself, its interfaces and the unions it belongs to
	fields map[string]*field
}

type field struct {
	name    FieldName
	typ     graphql.Output
	args    []*graphql.Argument // by name
	resolve graphql.FieldResolveFn
	batch   BatchResolve
	source  Source
}

func compile(schema graphql.Schema, batch map[FieldName]BatchResolve, sources map[FieldName]Source) (*types, error) {
	t := &types{schema: schema, objects: map[string]*objectType{}}
	for _, name := range typeNames(schema) {
		if err := force(schema.Type(name)); err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
		if object, ok := schema.Type(name).(*graphql.Object); ok {
			t.objects[name] = compileObject(object)
		}
	}
	for _, name := range typeNames(schema) {
		if !graphql.IsAbstractType(schema.Type(name)) {
			continue
		}
		for _, object := range schema.PossibleTypes(schema.Type(name)) {
			t.objects[object.Name()].is[name] = true
		}
	}
	t.roots = map[ast.Operation]*objectType{
		ast.Query: t.root(schema.QueryType()), ast.Mutation: t.root(schema.MutationType()), ast.Subscription: t.root(schema.SubscriptionType()),
	}
	t.roots[ast.Query].add(graphql.SchemaMetaFieldDef)
	t.roots[ast.Query].add(graphql.TypeMetaFieldDef)
	for name, resolve := range batch {
		if !t.hasField(name) {
			return nil, fmt.Errorf("a batch resolver is given for %s.%s, which does not exist", name.Type, name.Field)
		}
		t.objects[name.Type].fields[name.Field].batch = resolve
	}
	return t, t.connect(sources)
}

// connect gives each subscription its source, and a source to none else.
func (t *types) connect(sources map[FieldName]Source) error {
	root := t.roots[ast.Subscription]
	for name, source := range sources {
		if !t.hasField(name) || t.objects[name.Type] != root {
			return fmt.Errorf("a source is given for %s.%s, which is no subscription", name.Type, name.Field)
		}
		root.fields[name.Field].source = source
	}
	if root == nil {
		return nil
	}
	for _, f := range root.fields {
		if f.source == nil {
			return fmt.Errorf("no source is given for the subscription %s", f.name.Field)
		}
	}
	return nil
}

func (t *types) hasField(name FieldName) bool {
	object := t.objects[name.Type]
	return object != nil && object.fields[name.Field] != nil
}

func (t *types) root(object *graphql.Object) *objectType {
	if object == nil {
		return nil
	}
	return t.objects[object.Name()]
}

func compileObject(object *graphql.Object) *objectType {
	t := &objectType{
		name:   object.Name(),
		graph:  object,
		is:     map[string]bool{object.Name(): true},
		fields: map[string]*field{},
	}
	for _, def := range object.Fields() {
		t.add(def)
	}
	return t
}

func (t *objectType) add(def *graphql.FieldDefinition) {
	t.fields[def.Name] = &field{
		name:    FieldName{t.name, def.Name},
		typ:     def.Type,
		args:    sortedArguments(def.Args),
		resolve: def.Resolve,
	}
}

// forcing serializes [force]: the types of introspection belong to graphql-go
// and are shared by all schemas of the process.
var forcing sync.Mutex

// force makes graphql-go build what it builds on first use, which would race.
func force(t graphql.Type) error {
	forcing.Lock()
	defer forcing.Unlock()
	switch t := t.(type) {
	case *graphql.Object:
		t.Fields()
		t.Interfaces()
	case *graphql.Interface:
		t.Fields()
	case *graphql.Union:
		t.Types()
	case *graphql.InputObject:
		t.Fields()
	case *graphql.Enum:
		t.Serialize(nil)
		t.ParseValue("")
	}
	return t.Error()
}

func typeNames(schema graphql.Schema) []string {
	return slices.Sorted(maps.Keys(schema.TypeMap()))
}

func sortedArguments(args []*graphql.Argument) []*graphql.Argument {
	sorted := append([]*graphql.Argument(nil), args...)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Name() < sorted[j].Name() })
	return sorted
}
