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
		id, _ := p.Args["id"].(string)
		found, err := b.session(ctx).Load(ctx, e, []string{id}, b.wanted(e, p.Selection))
		return oneRecord(found[id], err)
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
		for name, raw := range given {
			filter, err := b.parseFilter(e, map[string]any{name: map[string]any{"eq": raw}})
			if err != nil {
				return nil, []error{err}
			}
			found, err := b.session(ctx).ByKey(ctx, e, filter.Field, filter.Path, filter.Value, b.wanted(e, p.Selection))
			return oneRecord(found, err)
		}
		return nil, nil
	})
}

func oneRecord(r *core.Record, err error) ([]any, []error) {
	if err != nil {
		return nil, []error{err}
	}
	if r == nil {
		return []any{nil}, nil
	}
	return []any{r}, nil
}
