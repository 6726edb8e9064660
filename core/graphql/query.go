package graphql

import (
	"context"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// queries adds the ways to read an entity: customer, customerBy, customers
// and customerHistory.
func (b *builder) queries(e *schema.Entity) {
	o := b.entity(e)
	b.addQuery(ofEntity(e), e.Name, readers(e), &graphql.Field{
		Type: o, Description: "The " + e.Name + " with this id, or null.",
		Args: graphql.FieldConfigArgument{"id": {Type: graphql.NewNonNull(graphql.ID)}},
	})
	b.resolve("Query", e.Name, func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		return b.one(ctx, e, p.Selection, schema.Filter{Path: "id", Op: schema.OpEq, Value: p.Args["id"], Field: e.Field("id")})
	})
	if len(e.UniqueFields()) > 0 {
		b.queryBy(e, o)
	}
	b.list(func(f *graphql.Field) { b.addQuery(ofEntity(e), e.Plural, readers(e), f) }, "Query", e.Plural, "The "+e.Plural+" that the filter and the search select, page by page.", e, nil)
	b.history(e)
}

// readers are those who may see any record of an entity or role.
func readers(e *schema.Entity) condition { return func(s *sight) bool { return s.reads(e) } }

// queryBy adds the query by a unique field.
func (b *builder) queryBy(e *schema.Entity, o *graphql.Object) {
	key := b.input(ofEntity(e), "Key", "A unique field of the "+e.Name+": exactly one.", func() graphql.InputObjectConfigFieldMap {
		fields := graphql.InputObjectConfigFieldMap{}
		for _, f := range e.UniqueFields() {
			fields[f.Name] = &graphql.InputObjectFieldConfig{Type: b.inputType(fieldOf(e, f), f), Description: f.Description.In("en")}
		}
		return fields
	})
	b.views.of(e, key.Name(), func(s *sight, _ *schema.Field, path string) bool { return s.asks(e, path) })
	name := e.Name + "By"
	b.addQuery(ofEntity(e), name, readers(e), &graphql.Field{
		Type: o, Description: "The " + e.Name + " with this value of a unique field, or null.",
		Args: graphql.FieldConfigArgument{"key": {Type: graphql.NewNonNull(key)}},
	})
	b.resolve("Query", name, func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		given, _ := p.Args["key"].(map[string]any)
		if len(given) != 1 {
			return nil, []error{invalidArgument("key", "key", "must name exactly one unique field")}
		}
		raw := map[string]any{}
		for field, value := range given {
			raw[field] = map[string]any{"eq": value}
		}
		filter, err := b.parseFilter(e, raw)
		if err != nil {
			return nil, []error{err}
		}
		return b.one(ctx, e, p.Selection, filter)
	})
}

func (b *builder) one(ctx context.Context, e *schema.Entity, selected execution.Selection, filter schema.Filter) ([]any, []error) {
	records, err := b.session(ctx).Find(ctx, e, core.Query{Filter: filter, First: 1, Only: b.wanted(e, selected)})
	if err != nil {
		return nil, []error{err}
	}
	if len(records) == 0 {
		return []any{nil}, nil
	}
	return []any{records[0]}, nil
}
