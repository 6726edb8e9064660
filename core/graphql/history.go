package graphql

import (
	"context"
	"fmt"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

var historyEntry = graphql.NewObject(graphql.ObjectConfig{
	Name: "HistoryEntry", Description: "One change of a record: who, when, and what from what to what.",
	Fields: graphql.Fields{
		"version":   ofEntry(graphql.NewNonNull(graphql.Int), "The record's version after the change.", func(e core.Entry) any { return e.Version }),
		"action":    ofEntry(graphql.NewNonNull(graphql.String), "created, updated, deleted, restored or merged.", func(e core.Entry) any { return string(e.Action) }),
		"at":        ofEntry(graphql.NewNonNull(dateTime), "When it was committed.", func(e core.Entry) any { return schema.Instant(e.At) }),
		"actor":     ofEntry(graphql.NewNonNull(graphql.String), "The id of who did it.", func(e core.Entry) any { return e.Actor.ID }),
		"actorName": ofEntry(graphql.String, "The name of who did it.", func(e core.Entry) any { return optional(e.Actor.Name) }),
		"via":       ofEntry(graphql.String, "The plugin that did it for the actor.", func(e core.Entry) any { return optional(e.Actor.Via) }),
		"changes":   ofEntry(nonNullList(historyChange), "What changed, field by field.", func(e core.Entry) any { return append([]core.Diff{}, e.Diffs...) }),
	},
})

var historyChange = graphql.NewObject(graphql.ObjectConfig{
	Name: "HistoryChange", Description: "What happened to one field.",
	Fields: graphql.Fields{
		"field": ofDiff(graphql.NewNonNull(graphql.String), func(d core.Diff) any { return d.Path }),
		"from":  ofDiff(anyJSON, func(d core.Diff) any { return d.From }),
		"to":    ofDiff(anyJSON, func(d core.Diff) any { return d.To }),
	},
})

func ofEntry(t graphql.Output, description string, f func(core.Entry) any) *graphql.Field {
	return &graphql.Field{Type: t, Description: description, Resolve: func(p graphql.ResolveParams) (any, error) { return f(p.Source.(core.Entry)), nil }}
}

func ofDiff(t graphql.Output, f func(core.Diff) any) *graphql.Field {
	return &graphql.Field{Type: t, Resolve: func(p graphql.ResolveParams) (any, error) { return f(p.Source.(core.Diff)), nil }}
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// history adds customerHistory(id).
func (b *builder) history(e *schema.Entity) {
	name := e.Name + "History"
	b.addQuery(ofEntity(e), name, readers(e), &graphql.Field{
		Type: graphql.NewList(graphql.NewNonNull(historyEntry)), Description: "What happened to the " + e.Name + ", latest first; also of a deleted one.",
		Args: graphql.FieldConfigArgument{
			"id":     id,
			"first":  {Type: graphql.Int, DefaultValue: b.PageSize, Description: fmt.Sprintf("How many changes, %d at most.", b.MaxPageSize)},
			"before": {Type: graphql.Int, Description: "Only changes before this version: the last of the page before."},
		},
	})
	b.pageSizes[execution.FieldName{Type: "Query", Field: name}] = b.PageSize
	b.resolve("Query", name, func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		first, err := b.pageSize(p.Args)
		if err != nil {
			return nil, []error{err}
		}
		before, _ := p.Args["before"].(int)
		entries, err := b.session(ctx).History(ctx, e, p.Args["id"].(string), first, int64(before))
		if err != nil {
			return nil, []error{err}
		}
		list := make([]any, len(entries))
		for i, entry := range entries {
			for k, d := range entry.Diffs {
				f, _ := e.At(d.Path)
				entry.Diffs[k] = core.Diff{Path: e.FromStorage(d.Path), From: answered(f, d.From), To: answered(f, d.To)}
			}
			list[i] = entry
		}
		return []any{list}, nil
	})
}
