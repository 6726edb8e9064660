package execution

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/graphql-go/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
)

// FieldName names a field of an object type of the schema.
type FieldName struct {
	Type, Field string
}

// Config is what an [Engine] is made of. Only Schema is required.
type Config struct {
	Schema graphql.Schema

	// Batch are the fields that are resolved for many objects at once; they
	// need no Resolve in the schema.
	Batch map[FieldName]BatchResolve

	// Sources give the events of the subscriptions.
	Sources map[FieldName]Source

	// PageSizes say how many items a field yields when its arguments first and
	// last do not: its default page size, or how long a plain list is. Only the
	// cost of a query depends on it. A list that is not named has ListSize
	// items, or as many as the longest list among its arguments, every other
	// field one.
	PageSizes map[FieldName]int
	ListSize  int // 1 when 0

	// Together carries out mutations that are marked.
	Together Together

	Limits Limits

	// Viewer says what of the schema a request sees; nil when each sees all.
	Viewer Viewer

	// Log gets every error that a client does not get to see. It is called from
	// many goroutines.
	Log func(context.Context, Failure)

	// Begin makes the context of one execution: of a query, a mutation, or an event
	// of a subscription. nil leaves it as it is.
	Begin func(context.Context) context.Context

	// RequestID gives the id under which the log keeps a request, for the
	// sentence that a client gets instead of the error.
	RequestID func(context.Context) string

	// Say returns what says the descriptions of an introspection in the language of a
	// request; nil for as they are.
	Say func(context.Context) func(description string) string
}

// cacheKey is what a document depends on: its text, and what whoever sends it sees.
type cacheKey struct{ view, query string }

// Engine answers the documents of one schema. It never changes and is safe for
// concurrent use.
type Engine struct {
	types      *types
	whole      *view // the same schema as gqlparser sees it
	viewer     Viewer
	viewing    sync.Mutex // makes one view at a time
	views      *lru.Cache[string, *view]
	limits     Limits
	pageSizes  map[FieldName]int
	listSize   int
	perValue   int // values of an introspection that cost as much as another one
	cache      *lru.Cache[cacheKey, *Document]
	logFailure func(context.Context, Failure)
	requestID  func(context.Context) string
	say        func(context.Context) func(string) string
	begin      func(context.Context) context.Context
	together   Together
}

// New builds everything that graphql-go would build lazily, so that nothing of
// the schema changes afterwards. It fails when the schema contradicts itself,
// or when the configuration names a field that the schema does not have.
func New(c Config) (*Engine, error) {
	compiled, err := compile(c.Schema, c.Batch, c.Sources)
	if err != nil {
		return nil, fmt.Errorf("graphql schema: %w", err)
	}
	for name := range c.PageSizes {
		if !compiled.hasField(name) {
			return nil, fmt.Errorf("graphql schema: a page size is given for %s.%s, which does not exist", name.Type, name.Field)
		}
	}
	defined, err := define(c.Schema)
	if err != nil {
		return nil, fmt.Errorf("graphql schema: %w", err)
	}
	limits := c.Limits.withDefaults()
	cache, err := lru.New[cacheKey, *Document](limits.CachedDocuments)
	if err != nil {
		return nil, fmt.Errorf("document cache: %w", err)
	}
	views, err := lru.New[string, *view](MaxViews)
	if err != nil {
		return nil, fmt.Errorf("view cache: %w", err)
	}
	pageSizes, whole := introspectionSizes(compiled)
	maps.Copy(pageSizes, c.PageSizes)
	e := &Engine{
		types:      compiled,
		whole:      &view{defined: defined},
		viewer:     c.Viewer,
		views:      views,
		limits:     limits,
		pageSizes:  pageSizes,
		listSize:   c.ListSize,
		perValue:   max(minPerValue, whole*introspectionsAtOnce/limits.Cost),
		cache:      cache,
		logFailure: c.Log,
		requestID:  c.RequestID,
		say:        c.Say,
		begin:      c.Begin,
		together:   c.Together,
	}
	e.completeIntrospection()
	return e, nil
}
