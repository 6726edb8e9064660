package graphql

import (
	"context"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/integrity"
)

var danglingReference = graphql.NewObject(graphql.ObjectConfig{
	Name: "DanglingReference", Description: "A reference that leads nowhere, to a deleted record, or to a party that was merged into another.",
	Fields: graphql.Fields{
		"entity":     part(graphql.NewNonNull(graphql.String), func(d integrity.Dangling) any { return d.Entity }),
		"id":         part(graphql.NewNonNull(graphql.ID), func(d integrity.Dangling) any { return d.ID }),
		"path":       part(graphql.NewNonNull(graphql.String), func(d integrity.Dangling) any { return d.Path }),
		"to":         part(graphql.NewNonNull(graphql.String), func(d integrity.Dangling) any { return d.To }),
		"target":     part(graphql.NewNonNull(graphql.ID), func(d integrity.Dangling) any { return d.Target }),
		"deleted":    part(graphql.NewNonNull(graphql.Boolean), func(d integrity.Dangling) any { return d.Deleted }),
		"mergedInto": part(graphql.ID, func(d integrity.Dangling) any { return optional(d.Into) }),
	},
})

var referenceCheck = graphql.NewObject(graphql.ObjectConfig{
	Name: "ReferenceCheck", Description: "What was found among some records.",
	Fields: graphql.Fields{
		"checked":   part(graphql.NewNonNull(graphql.Int), func(p integrity.Part) any { return p.Checked }),
		"dangling":  part(nonNullList(danglingReference), func(p integrity.Part) any { return append([]integrity.Dangling{}, p.Dangling...) }),
		"endCursor": part(graphql.String, func(p integrity.Part) any { return optional(p.Next) }),
	},
})

// integrity adds the check of what is stored.
func (b *builder) integrity() {
	if b.Integrity == nil {
		return
	}
	b.addQuery(program, "checkReferences", (*sight).administers, &graphql.Field{
		Type: graphql.NewNonNull(referenceCheck),
		Description: "Looks among records, deleted ones included, for references that lead nowhere, for administrators. " +
			"A part at a time: ask again with the endCursor until there is none. xrm check does that.",
		Args: graphql.FieldConfigArgument{
			"after":   {Type: graphql.String, Description: "The endCursor of the part before; without it, from the beginning."},
			"records": {Type: graphql.Int, DefaultValue: 200, Description: "How many records to look at: 200 unless you say otherwise, 1,000 at most."},
		},
	})
	b.resolve("Query", "checkReferences", func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		after, _ := p.Args["after"].(string)
		records, _ := p.Args["records"].(int)
		found, err := b.Integrity.Dangling(ctx, b.Basis, ActorFrom(ctx), after, max(1, records))
		return one(found, err)
	})
}
