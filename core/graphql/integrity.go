package graphql

import (
	"context"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/integrity"
)

var findingKind = graphql.NewEnum(graphql.EnumConfig{
	Name: "CheckFindingKind", Description: "What is wrong.", Values: graphql.EnumValueConfigMap{
		string(integrity.Missing):    {Value: integrity.Missing, Description: "A reference leads to no record, or an API key belongs to no party."},
		string(integrity.Deleted):    {Value: integrity.Deleted, Description: "A reference of a living record leads to a deleted one, or an API key belongs to a party that was deleted or erased."},
		string(integrity.Merged):     {Value: integrity.Merged, Description: "A reference leads to, or an API key belongs to, a party that was merged into another."},
		string(integrity.Misfit):     {Value: integrity.Misfit, Description: "A value does not fit its field."},
		string(integrity.Unreadable): {Value: integrity.Unreadable, Description: "What lies there was not written by xrm, and cannot be read."},
		string(integrity.Shared):     {Value: integrity.Shared, Description: "Several living records have the same value of a unique field."},
		string(integrity.Misplaced):  {Value: integrity.Misplaced, Description: "Filters and orders miss a text, or the search does, since its sort key or its words are missing or those of another text; or nothing keeps a value unique, since its claim is."},
		string(integrity.Emptied):    {Value: integrity.Emptied, Description: "A record has a file whose content is not there, or not whole."},
		string(integrity.Lost):       {Value: integrity.Lost, Description: "The id and the unique values of a duplicate lead nowhere."},
		string(integrity.Stuck):      {Value: integrity.Stuck, Description: "A merge, an erasure, a deletion or a restoration does not come to its end."},
		string(integrity.UnderWay):   {Value: integrity.UnderWay, Description: "A merge, an erasure, a deletion or a restoration is under way. Nothing is wrong."},
	},
})

var checkFinding = graphql.NewObject(graphql.ObjectConfig{
	Name: "CheckFinding", Description: "One thing in the database that should not be, or that is under way.",
	Fields: graphql.Fields{
		"kind":    part(graphql.NewNonNull(findingKind), func(f integrity.Finding) any { return f.Kind }),
		"entity":  explained("Whose record it is. A role's fields are those of its party. core:key is an API key.", part(graphql.NewNonNull(graphql.String), func(f integrity.Finding) any { return f.Entity })),
		"id":      explained("The id of the record, or of the key.", part(graphql.NewNonNull(graphql.ID), func(f integrity.Finding) any { return f.ID })),
		"path":    explained("The storage path of the field; null for the record as a whole.", part(graphql.String, func(f integrity.Finding) any { return optional(f.Path) })),
		"value":   explained("What lies there, or the id of the record that it leads to. Cut when long.", part(graphql.String, func(f integrity.Finding) any { return optional(f.Value) })),
		"message": explained("What is wrong and what to do about it.", part(graphql.NewNonNull(graphql.String), func(f integrity.Finding) any { return f.Message })),
	},
})

var databaseCheck = graphql.NewObject(graphql.ObjectConfig{
	Name: "DatabaseCheck", Description: "What was found among some records.",
	Fields: graphql.Fields{
		"checked":   explained("How many records were looked at.", part(graphql.NewNonNull(graphql.Int), func(p integrity.Part) any { return p.Checked })),
		"findings":  part(nonNullList(checkFinding), func(p integrity.Part) any { return append([]integrity.Finding{}, p.Findings...) }),
		"endCursor": part(graphql.String, func(p integrity.Part) any { return optional(p.Next) }),
	},
})

// integrity adds the check of what is stored.
func (b *builder) integrity() {
	if b.Integrity == nil {
		return
	}
	b.addQuery(program, "checkDatabase", (*sight).administers, &graphql.Field{
		Type: graphql.NewNonNull(databaseCheck),
		Description: "Looks among records, deleted ones included, for what does not fit or leads nowhere, for administrators: references, values of fields, " +
			"unique values, duplicates, the parties of API keys, and what was begun and is not done. A part at a time: ask again with the endCursor until there is none. xrm check does that.",
		Args: graphql.FieldConfigArgument{
			"after":   {Type: graphql.String, Description: "The endCursor of the part before; without it, from the beginning."},
			"records": {Type: graphql.Int, DefaultValue: 200, Description: "How many records to look at: 200 unless you say otherwise, 1,000 at most."},
		},
	})
	b.resolve("Query", "checkDatabase", func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		after, _ := p.Args["after"].(string)
		records, _ := p.Args["records"].(int)
		found, err := b.Integrity.Check(ctx, b.Basis, ActorFrom(ctx), after, max(1, records))
		return one(found, err)
	})
}
