package graphql

import (
	"fmt"
	"slices"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// page is the answer of a list: the parent of a connection's fields.
type page struct {
	records              []*core.Record
	order                []core.Order
	hasNext, hasPrevious bool
	total                int
}

// edge is a record with its place in the list.
type edge struct {
	record *core.Record
	order  []core.Order
}

var pageInfo = graphql.NewObject(graphql.ObjectConfig{Name: "PageInfo", Description: "Where a page lies in its list.", Fields: graphql.Fields{
	"hasNextPage":     {Type: graphql.NewNonNull(graphql.Boolean), Resolve: ofPage(func(p *page) any { return p.hasNext })},
	"hasPreviousPage": {Type: graphql.NewNonNull(graphql.Boolean), Resolve: ofPage(func(p *page) any { return p.hasPrevious })},
	"startCursor":     {Type: graphql.String, Resolve: ofPage(func(p *page) any { return p.cursor(0) })},
	"endCursor":       {Type: graphql.String, Resolve: ofPage(func(p *page) any { return p.cursor(len(p.records) - 1) })},
}})

func ofPage(f func(*page) any) graphql.FieldResolveFn {
	return func(p graphql.ResolveParams) (any, error) { return f(p.Source.(*page)), nil }
}

func (p *page) cursor(i int) any {
	if i < 0 || i >= len(p.records) {
		return nil
	}
	return encodeCursor(p.order, p.records[i])
}

// connection is the type of a list (Relay's connection with the shortcut nodes).
func (b *builder) connection(e *schema.Entity) *graphql.Object {
	o, isNew := b.object(ofEntity(e), "Connection", "A page of "+e.Plural+".")
	if !isNew {
		return o
	}
	record := b.entity(e)
	edges, _ := b.object(ofEntity(e), "Edge", "A "+e.Name+" and its place in the list.")
	edges.AddFieldConfig("cursor", &graphql.Field{Type: graphql.NewNonNull(graphql.String), Resolve: func(p graphql.ResolveParams) (any, error) {
		at := p.Source.(*edge)
		return encodeCursor(at.order, at.record), nil
	}})
	edges.AddFieldConfig("node", &graphql.Field{Type: record, Resolve: func(p graphql.ResolveParams) (any, error) { return p.Source.(*edge).record, nil }})
	o.AddFieldConfig("nodes", &graphql.Field{
		Type: nonNullList(record), Description: "The records of the page.",
		Resolve: ofPage(func(p *page) any { return p.records }),
	})
	o.AddFieldConfig("edges", &graphql.Field{
		Type: nonNullList(edges), Description: "The records of the page with their cursors.",
		Resolve: ofPage(func(p *page) any {
			all := make([]any, len(p.records))
			for i, r := range p.records {
				all[i] = &edge{record: r, order: p.order}
			}
			return all
		}),
	})
	for _, plain := range []string{"nodes", "edges"} { // the page has been counted
		b.pageSizes[execution.FieldName{Type: o.Name(), Field: plain}] = 1
	}
	o.AddFieldConfig("pageInfo", &graphql.Field{Type: graphql.NewNonNull(pageInfo), Resolve: ofPage(func(p *page) any { return p })})
	o.AddFieldConfig("totalCount", &graphql.Field{
		Type:        graphql.NewNonNull(graphql.Int),
		Description: fmt.Sprintf("How many there are on all pages, counted only when asked for, and no further than %d.", b.MaxCount),
		Resolve:     ofPage(func(p *page) any { return p.total }),
	})
	o.AddFieldConfig("totalCountCapped", &graphql.Field{
		Type: graphql.NewNonNull(graphql.Boolean), Description: "Whether totalCount stopped counting: there may be more.",
		Resolve: ofPage(func(p *page) any { return p.total >= b.MaxCount }),
	})
	return o
}

func nonNullList(of graphql.Type) graphql.Output {
	return graphql.NewNonNull(graphql.NewList(graphql.NewNonNull(of)))
}

// makePage takes what was found beyond the page's size as the sign of a next
// page, and brings a page that was read backwards into the list's order.
func makePage(records []*core.Record, q core.Query, size, total int) *page {
	more := len(records) > size
	if more {
		records = records[:size]
	}
	p := &page{records: append([]*core.Record{}, records...), order: q.OrderBy, total: total, hasNext: more, hasPrevious: q.After != nil}
	if q.Reverse {
		slices.Reverse(p.records)
		p.hasNext, p.hasPrevious = p.hasPrevious, p.hasNext
	}
	return p
}
