package graphql

import (
	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

var direction = graphql.NewEnum(graphql.EnumConfig{
	Name:        "OrderDirection",
	Description: "Missing values come first ascending and last descending.",
	Values: graphql.EnumValueConfigMap{
		"ASC":  {Value: "ASC", Description: "From the least to the greatest."},
		"DESC": {Value: "DESC", Description: "From the greatest to the least."},
	},
})

// orderOf is the input type of one key of a sort: {displayName: ASC}.
func (b *builder) orderOf(e *schema.Entity) *graphql.InputObject {
	order := b.input(ofEntity(e), "OrderBy", "One key of a sort: exactly one field.", func() graphql.InputObjectConfigFieldMap {
		fields := graphql.InputObjectConfigFieldMap{}
		for _, f := range append(append(schema.Fields{}, schema.SystemFields...), e.Fields...) {
			if sortPath(e, f) != "" {
				fields[f.Name] = &graphql.InputObjectFieldConfig{Type: direction, Description: f.Description.In("en")}
			}
		}
		return fields
	})
	b.views.of(e, order.Name(), func(s *sight, _ *schema.Field, path string) bool { return s.asks(e, path) })
	return order
}

// sortPath is the storage path by which the API sorts by a field, or "": the id of
// another record is no order that people know.
func sortPath(e *schema.Entity, f *schema.Field) string {
	if f.Type == "reference" {
		return ""
	}
	return e.SortPath(f)
}

// parseOrder reads the argument orderBy.
func parseOrder(e *schema.Entity, raw any) ([]core.Order, error) {
	list, _ := raw.([]any)
	var order []core.Order
	for _, item := range list {
		key, _ := item.(map[string]any)
		if len(key) != 1 {
			return nil, invalidArgument("orderBy", "order", "must name exactly one field in each item, for example [{createdAt: DESC}, {id: ASC}]")
		}
		for name, way := range key {
			path := sortPath(e, e.Field(name))
			if way == nil {
				return nil, invalidArgument("orderBy", "order", "must say ASC or DESC for "+name)
			}
			order = append(order, e.OrderAt(path, way == "DESC"))
		}
	}
	return order, nil
}
