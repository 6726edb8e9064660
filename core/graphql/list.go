package graphql

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func (b *builder) listArguments(e *schema.Entity) graphql.FieldConfigArgument {
	args := graphql.FieldConfigArgument{
		"filter":  {Type: b.filterOf(e)},
		"orderBy": {Type: graphql.NewList(graphql.NewNonNull(b.orderOf(e))), Description: "The keys of the sort, the most important first; the id is always the last."},
		"first":   {Type: graphql.Int, Description: fmt.Sprintf("How many, from the beginning or after a cursor: %d unless said otherwise, %d at most.", b.PageSize, b.MaxPageSize)},
		"after":   {Type: graphql.String, Description: "A cursor: the page begins after it."},
		"last":    {Type: graphql.Int, Description: "How many, from the end or before a cursor."},
		"before":  {Type: graphql.String, Description: "A cursor: the page ends before it."},
		"deleted": {Type: graphql.Boolean, DefaultValue: false, Description: "Also deleted records."},
	}
	if slices.ContainsFunc(e.Stored().Fields, (*schema.Field).Searched) {
		args["search"] = &graphql.ArgumentConfig{Type: graphql.String, Description: "Words, each the beginning of a word in a searchable field; case and accents do not matter."}
	}
	return args
}

// list adds a field that lists records to a type: to Query, or to the other
// side of a reference, where per says by which path the records belong to
// their parents. The field is nullable, so that what fails in one list does
// not take away what stands beside it.
func (b *builder) list(add func(*graphql.Field), typeName, field, description string, e *schema.Entity, per *schema.Reference) {
	add(&graphql.Field{Type: b.connection(e), Description: description, Args: b.listArguments(e)})
	b.pageSizes[execution.FieldName{Type: typeName, Field: field}] = b.PageSize
	b.views.searchable(typeName, field, e)
	b.resolve(typeName, field, func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		pages, err := b.find(ctx, e, p, per)
		if err != nil {
			return nil, []error{err}
		}
		return pages, nil
	})
}

// inverse adds the list on the other side of a reference.
func (b *builder) inverse(o *graphql.Object, r schema.Reference) {
	description := "The " + r.From.Plural + " that refer to it by " + r.Path + "."
	b.list(func(f *graphql.Field) { o.AddFieldConfig(r.Inverse, f) }, o.Name(), r.Inverse, description, r.From, &r)
}

// find answers a list field for all its parents with one query, and with a
// second one when totalCount is selected.
func (b *builder) find(ctx context.Context, e *schema.Entity, p execution.BatchParams, per *schema.Reference) ([]any, error) {
	q, err := b.listQuery(e, p.Args)
	if err != nil {
		return nil, err
	}
	keys := []string{""}
	if per != nil {
		keys = parentIDs(p.Parents)
		q.Per = &core.Per{Path: per.Path, InList: per.InList, Keys: distinct(keys)}
	}
	session := b.session(ctx)
	counts := map[string]int{}
	if p.Selection.Has("totalCount") || p.Selection.Has("totalCountCapped") {
		if counts, err = session.Count(ctx, e, unpaged(q), b.MaxCount); err != nil {
			return nil, err
		}
	}
	var records []*core.Record
	size := q.First
	if p.Selection.Has("nodes") || p.Selection.Has("edges") || p.Selection.Has("pageInfo") {
		q.Only = b.wanted(e, p.Selection.Below("nodes"), p.Selection.Below("edges").Below("node"))
		q.First++ // one more tells whether there is a next page
		if records, err = session.Find(ctx, e, q); err != nil {
			return nil, err
		}
	}
	groups := map[string][]*core.Record{"": records}
	if per != nil {
		groups = group(records, per.Path)
	}
	pages := make([]any, len(keys))
	for i, key := range keys {
		pages[i] = makePage(groups[key], q, size, counts[key])
	}
	return pages, nil
}

// group splits the records by what they refer to. A record that refers to
// several parents stands in each of their groups.
func group(records []*core.Record, path string) map[string][]*core.Record {
	groups := map[string][]*core.Record{}
	for _, r := range records {
		for _, id := range distinct(record.ReferredTo(r.Values, path)) {
			groups[id] = append(groups[id], r)
		}
	}
	return groups
}

func parentIDs(parents []any) []string {
	ids := make([]string, len(parents))
	for i, parent := range parents {
		ids[i] = parent.(*core.Record).ID
	}
	return ids
}

func unpaged(q core.Query) core.Query {
	q.After, q.First, q.Reverse, q.OrderBy = nil, -1, false, nil
	return q
}

// listQuery reads the arguments of a list field.
func (b *builder) listQuery(e *schema.Entity, args map[string]any) (core.Query, error) {
	q := core.Query{First: b.PageSize}
	var err error
	if raw, ok := args["filter"].(map[string]any); ok {
		if q.Filter, err = b.parseFilter(e, raw); err != nil {
			return q, err
		}
	}
	if q.OrderBy, err = parseOrder(e, args["orderBy"]); err != nil {
		return q, err
	}
	if text, ok := args["search"].(string); ok {
		if q.Search = e.SearchTerms(text); len(q.Search) > schema.MaxSearchWords {
			return q, invalidArgument("search", "bound", fmt.Sprintf("must have at most %d words, not %d", schema.MaxSearchWords, len(q.Search)))
		}
	}
	q.Deleted = args["deleted"] == true
	first, forward := args["first"].(int)
	last, backward := args["last"].(int)
	after, hasAfter := args["after"].(string)
	before, hasBefore := args["before"].(string)
	switch {
	case (forward || hasAfter) && (backward || hasBefore):
		return q, invalidArgument("last", "page", "cannot be combined with first: read either forwards (first, after) or backwards (last, before)")
	case hasBefore && !backward:
		return q, invalidArgument("before", "page", "needs last: how many records before the cursor")
	case backward:
		q.First, q.Reverse = last, true
	case forward:
		q.First = first
	}
	if err := b.checkPage(map[bool]string{true: "last", false: "first"}[backward], q.First); err != nil {
		return q, err
	}
	if hasAfter {
		q.After, err = decodeCursor(q.OrderBy, after, "after")
	} else if hasBefore {
		q.After, err = decodeCursor(q.OrderBy, before, "before")
	}
	return q, err
}

// checkPage refuses a page of a size that there is none of; argument says it.
func (b *builder) checkPage(argument string, size int) error {
	if size < 0 || size > b.MaxPageSize {
		return invalidArgument(argument, "page", fmt.Sprintf("must be between 0 and %d, not %d", b.MaxPageSize, size))
	}
	return nil
}

func (b *builder) parseFilter(e *schema.Entity, raw map[string]any) (schema.Filter, error) {
	f, err := b.Model.ParseFilter(e, raw, false)
	var violations schema.Violations
	if errors.As(err, &violations) {
		return f, &core.Error{Code: core.Invalid, Message: "The filter was not understood: some parts need attention.", Violations: violations}
	}
	return f, err
}
