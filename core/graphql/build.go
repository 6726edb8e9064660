package graphql

import (
	"context"
	"fmt"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Config is what an API is built from.
type Config struct {
	Model      *schema.Model
	Service    *record.Service
	Operations []Operation     // of the plugins
	Fields     []ComputedField // of the plugins
	Plugins    PluginDesk      // nil without any
	Keys       KeyDesk         // nil without any
	Parties    *party.Service  // nil leaves out what is done with a party as a whole

	PageSize    int // of a list that asks for none: 20
	MaxPageSize int // 200
	MaxCount    int // totalCount counts no further: 10,000
	MaxBatch    int // records in one bulk mutation: 1,000

	Limits    execution.Limits
	Log       func(context.Context, execution.Failure)
	RequestID func(context.Context) string
}

// Build makes the API of one model. The engine keeps that model for as long
// as it lives; a new model means a new engine.
func Build(c Config) (*execution.Engine, error) {
	for _, d := range []struct {
		limit *int
		value int
	}{{&c.PageSize, 20}, {&c.MaxPageSize, 200}, {&c.MaxCount, 10_000}, {&c.MaxBatch, 1_000}} {
		if *d.limit <= 0 {
			*d.limit = d.value
		}
	}
	b := &builder{
		Config:       c,
		objects:      map[string]*graphql.Object{},
		inputs:       map[string]*graphql.InputObject{},
		enums:        map[string]*graphql.Enum{},
		batch:        map[execution.FieldName]execution.BatchResolve{},
		sources:      map[execution.FieldName]execution.Source{},
		pageSizes:    map[execution.FieldName]int{},
		query:        graphql.Fields{},
		mutation:     graphql.Fields{},
		subscription: graphql.Fields{},
	}
	for _, e := range c.Model.Entities() {
		b.entity(e)
	}
	for _, e := range c.Model.Entities() {
		b.queries(e)
		b.mutations(e)
	}
	b.parties()
	b.metadata()
	b.plugins()
	b.keys()
	if err := b.contribute(); err != nil {
		return nil, err
	}
	roots := graphql.SchemaConfig{
		Query:    graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: b.query}),
		Mutation: graphql.NewObject(graphql.ObjectConfig{Name: "Mutation", Fields: b.mutation}),
	}
	if len(b.subscription) > 0 { // an object without fields is no type
		roots.Subscription = graphql.NewObject(graphql.ObjectConfig{Name: "Subscription", Fields: b.subscription})
	}
	s, err := graphql.NewSchema(roots)
	if err != nil {
		return nil, fmt.Errorf("build the API: %w", err)
	}
	engine, err := execution.New(execution.Config{
		Schema: s, Batch: b.batch, Sources: b.sources, PageSizes: b.pageSizes,
		Limits: c.Limits, Log: c.Log, RequestID: c.RequestID,
	})
	if err != nil {
		return nil, fmt.Errorf("build the API: %w", err)
	}
	return engine, nil
}

// builder collects the types, each made once and known by its name.
type builder struct {
	Config
	objects   map[string]*graphql.Object
	inputs    map[string]*graphql.InputObject
	enums     map[string]*graphql.Enum
	batch     map[execution.FieldName]execution.BatchResolve
	sources   map[execution.FieldName]execution.Source
	pageSizes map[execution.FieldName]int

	query, mutation, subscription graphql.Fields
}

// object declares an object type whose fields may be added until the schema
// is made.
func (b *builder) object(name, description string) (o *graphql.Object, isNew bool) {
	if o := b.objects[name]; o != nil {
		return o, false
	}
	o = graphql.NewObject(graphql.ObjectConfig{Name: name, Description: description, Fields: graphql.Fields{}})
	b.objects[name] = o
	return o, true
}

// input declares an input type; its fields are made when the schema is.
func (b *builder) input(name, description string, fields func() graphql.InputObjectConfigFieldMap) *graphql.InputObject {
	if i := b.inputs[name]; i != nil {
		return i
	}
	i := graphql.NewInputObject(graphql.InputObjectConfig{
		Name: name, Description: description, Fields: graphql.InputObjectConfigFieldMapThunk(fields),
	})
	b.inputs[name] = i
	return i
}

// resolve registers the resolver of a field for all its parents at once.
func (b *builder) resolve(typeName, field string, f execution.BatchResolve) {
	b.batch[execution.FieldName{Type: typeName, Field: field}] = f
}

// session opens the record service for the actor of a request.
func (b *builder) session(ctx context.Context) *record.Session {
	return b.Service.As(ActorFrom(ctx), b.Model)
}

type actorKey struct{}

// WithActor returns a context in which the resolvers act for an actor.
func WithActor(ctx context.Context, a core.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns the actor of a request; without one, nobody, who may
// nothing.
func ActorFrom(ctx context.Context) core.Actor {
	a, _ := ctx.Value(actorKey{}).(core.Actor)
	return a
}
