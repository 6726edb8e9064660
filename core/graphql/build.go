package graphql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/integrity"
	"github.com/openxrm/xrm/core/once"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
)

// Config is what an API is built from.
type Config struct {
	*snapshot.Snapshot // but for its API
	Service            *record.Service
	Plugins            PluginDesk         // nil without any
	Keys               KeyDesk            // nil without any
	Once               *once.Desk         // of mutations that are no single write; nil leaves them without idempotency keys
	Parties            *party.Service     // nil leaves out what is done with a party as a whole
	Integrity          *integrity.Service // nil leaves out the check of what is stored

	PageSize    int // of a list that asks for none; DefaultPageSize when 0
	MaxPageSize int // DefaultMaxPageSize when 0
	MaxCount    int // totalCount counts no further; DefaultMaxCount when 0
	MaxBatch    int // records in one bulk mutation; DefaultMaxBatch when 0

	Limits    execution.Limits
	Log       func(context.Context, execution.Failure)
	RequestID func(context.Context) string

	// Say returns what says descriptions in the language of a request; nil for English.
	Say func(context.Context) func(english string) string
}

// The limits of an API that is configured with none of its own.
const (
	DefaultPageSize    = 20
	DefaultMaxPageSize = 200
	DefaultMaxCount    = 10_000
	DefaultMaxBatch    = 1_000
)

// building lets one API be built at a time: the types that all of them share, such
// as PageInfo, complete themselves in the first one.
var building sync.Mutex

// Build makes the API of a snapshot. The engine keeps the snapshot for as long
// as it lives; a new one means a new engine. What would have a name that
// something else has is refused, as strictyaml.Problems: nothing of the API is
// ever replaced.
func Build(c Config) (*execution.Engine, error) {
	building.Lock()
	defer building.Unlock()
	b := newBuilder(c)
	if err := b.assemble(); err != nil {
		return nil, err
	}
	roots := graphql.SchemaConfig{
		Directives: append(slices.Clone(graphql.SpecifiedDirectives), atomic),
		Query:      graphql.NewObject(graphql.ObjectConfig{Name: "Query", Fields: b.query}),
		Mutation:   graphql.NewObject(graphql.ObjectConfig{Name: "Mutation", Fields: b.mutation}),
	}
	if len(b.subscription) > 0 { // an object without fields is no type
		roots.Subscription = graphql.NewObject(graphql.ObjectConfig{Name: "Subscription", Fields: b.subscription})
	}
	s, err := graphql.NewSchema(roots)
	if err == nil {
		err = b.allOwned(s)
	}
	if err != nil {
		return nil, fmt.Errorf("build the API: %w", err)
	}
	engine, err := execution.New(execution.Config{
		Viewer: b.views, Schema: s, Batch: b.batch, Sources: b.sources, PageSizes: b.pageSizes, ListSize: b.PageSize,
		Limits: c.Limits, Log: c.Log, RequestID: c.RequestID, Say: c.Say, Begin: core.OneRequest,
		Together: execution.Together{Directive: atomic.Name, Resolve: b.together},
	})
	if err != nil {
		return nil, fmt.Errorf("build the API: %w", err)
	}
	return engine, nil
}

// Check tells which definitions of a model need another name because the API
// has theirs for something else. It returns all of them, with their places, as
// strictyaml.Problems. It is for who builds nothing: Build says the same, and
// what is built needs no Check before.
func Check(m *schema.Model) error {
	building.Lock()
	defer building.Unlock()
	return newBuilder(Config{
		Snapshot: &snapshot.Snapshot{Basis: record.Basis{Model: m}}, Plugins: struct{ PluginDesk }{}, Keys: struct{ KeyDesk }{}, Parties: &party.Service{}, Integrity: &integrity.Service{}, // all that brings names
	}).assemble()
}

func newBuilder(c Config) *builder {
	for _, d := range []struct {
		limit *int
		value int
	}{{&c.PageSize, DefaultPageSize}, {&c.MaxPageSize, DefaultMaxPageSize}, {&c.MaxCount, DefaultMaxCount}, {&c.MaxBatch, DefaultMaxBatch}} {
		if *d.limit <= 0 {
			*d.limit = d.value
		}
	}
	b := &builder{
		Config:       c,
		owners:       map[string]claim{},
		types:        map[claim]graphql.Type{},
		batch:        map[execution.FieldName]execution.BatchResolve{},
		sources:      map[execution.FieldName]execution.Source{},
		pageSizes:    map[execution.FieldName]int{},
		singles:      map[string]single{},
		query:        graphql.Fields{},
		mutation:     graphql.Fields{},
		subscription: graphql.Fields{},
	}
	b.views = &views{builder: b, elements: map[execution.Element]condition{}, members: map[string]func(*sight, string) bool{}}
	return b
}

// assemble makes the root fields and every type that they lead to.
func (b *builder) assemble() error {
	b.reserve()
	for _, e := range b.Model.Entities() {
		b.entity(e)
	}
	for _, e := range b.Model.Entities() {
		b.queries(e)
		b.mutations(e)
	}
	b.parties()
	b.integrity()
	b.metadata()
	b.plugins()
	b.keys()
	b.fill() // first, so that a plugin's operation is what is refused
	err := b.contribute()
	b.fill()
	return errors.Join(err, b.problems().Err())
}

// fill makes the fields of the input types, and with them further input types.
func (b *builder) fill() {
	for ; b.filled < len(b.inputs); b.filled++ {
		b.inputs[b.filled].Fields()
	}
}

// builder collects the types and the root fields, each with its owner.
type builder struct {
	Config
	owners    map[string]claim       // by name: "the type PartyPayload", "the query parties"
	types     map[claim]graphql.Type // by what they are for, so that two of a name are two types
	clashes   []clash
	inputs    []*graphql.InputObject // in the order in which they were declared
	filled    int                    // how many of inputs have their fields
	batch     map[execution.FieldName]execution.BatchResolve
	sources   map[execution.FieldName]execution.Source
	pageSizes map[execution.FieldName]int
	singles   map[string]single // mutations of one record, by name
	views     *views

	query, mutation, subscription graphql.Fields
}

// resolve registers the resolver of a field for all its parents at once.
func (b *builder) resolve(typeName, field string, f execution.BatchResolve) {
	b.batch[execution.FieldName{Type: typeName, Field: field}] = f
}

// session opens the record service for the actor of a request.
func (b *builder) session(ctx context.Context) *record.Session {
	return b.Service.As(ActorFrom(ctx), b.Basis)
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
