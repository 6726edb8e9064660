package execution

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"sync"

	"github.com/graphql-go/graphql"
)

// types is the schema in the form that execution needs: complete and read-only.
type types struct {
	schema          graphql.Schema
	objects         map[string]*objectType
	query, mutation *objectType
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
}

func compile(schema graphql.Schema, batch map[FieldName]BatchResolve) (*types, error) {
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
	t.query = t.root(schema.QueryType())
	t.mutation = t.root(schema.MutationType())
	t.query.add(graphql.SchemaMetaFieldDef)
	t.query.add(graphql.TypeMetaFieldDef)
	completeIntrospection(t)
	for name, resolve := range batch {
		if !t.hasField(name) {
			return nil, fmt.Errorf("a batch resolver is given for %s.%s, which does not exist", name.Type, name.Field)
		}
		t.objects[name.Type].fields[name.Field].batch = resolve
	}
	return t, nil
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
