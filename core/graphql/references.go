package graphql

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/graphql-go/graphql"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// pageSuffix ends the name of a list that is read page by page.
const pageSuffix = "Page"

// references adds a field that is a list of references to an object type, and
// beside it the same list page by page, unless a field of the definition has
// that name.
func (b *builder) references(o *graphql.Object, f *schema.Field, path string, config *graphql.Field, siblings schema.Fields) {
	target := b.Model.Entity(f.Of.To)
	first := &graphql.ArgumentConfig{Type: graphql.Int, Description: fmt.Sprintf("How many, from the beginning: %d unless said otherwise, %d at most.", b.PageSize, b.MaxPageSize)}
	paged := f.Name + pageSuffix
	config.Args = graphql.FieldConfigArgument{"first": first}
	o.AddFieldConfig(f.Name, config)
	b.pageSizes[execution.FieldName{Type: o.Name(), Field: f.Name}] = b.PageSize
	b.resolve(o.Name(), f.Name, b.pageOf(target, path, false))
	if slices.ContainsFunc(siblings, func(other *schema.Field) bool { return other.Name == paged }) {
		return
	}
	o.AddFieldConfig(paged, &graphql.Field{
		Type: b.referencePage(target), Description: "A page of " + f.Name + ", and whether there is more.", DeprecationReason: f.Deprecated,
		Args: graphql.FieldConfigArgument{"first": first, "after": {Type: graphql.String, Description: "A cursor: the page begins after it."}},
	})
	b.pageSizes[execution.FieldName{Type: o.Name(), Field: paged}] = b.PageSize
	b.resolve(o.Name(), paged, b.pageOf(target, path, true))
}

// referencePage is the type of a page of a list of references. It has no
// totalCount, which would tell of records that the actor may not see, or cost a
// look at each.
func (b *builder) referencePage(target *schema.Entity) *graphql.Object {
	o, isNew := b.object(ofEntity(target), "Page", "A page of a list that refers to "+target.Plural+".")
	if isNew {
		o.AddFieldConfig("nodes", &graphql.Field{
			Type: nonNullList(b.entity(target)), Description: "The records of the page, in the order of the list.",
			Resolve: ofPage(func(p *page) any { return p.records }),
		})
		o.AddFieldConfig("pageInfo", &graphql.Field{Type: graphql.NewNonNull(pageInfo), Resolve: ofPage(func(p *page) any { return p })})
		b.pageSizes[execution.FieldName{Type: o.Name(), Field: "nodes"}] = 1
	}
	return o
}

// cut is a page as a plain list. One that goes on although nobody has said how
// long it may be is marked.
func cut(p *page, args map[string]any) any {
	if _, asked := args["first"].(int); p.hasNext && !asked {
		return execution.Cut(listed(p.records))
	}
	return listed(p.records)
}

func listed(records []*core.Record) []any {
	list := make([]any, len(records))
	for i, r := range records {
		list[i] = r
	}
	return list
}

// pageOf resolves a page of a list of references of all parents with one query.
// Records that are gone, or that the actor may not see, are left out, which
// takes further queries where a page is not full without them.
func (b *builder) pageOf(target *schema.Entity, path string, paged bool) execution.BatchResolve {
	return func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		size, err := b.pageSize(p.Args)
		if err != nil {
			return nil, []error{err}
		}
		var after []any
		if cursor, ok := p.Args["after"].(string); ok {
			if after, err = decodeCursor(nil, cursor, "after"); err != nil {
				return nil, []error{err}
			}
		}
		lists := readings(p.Parents, path)
		selected := p.Selection
		var errs []error
		if paged {
			selected = selected.Below("nodes")
			errs = begin(lists, after)
		}
		if err := b.read(ctx, target, lists, size+1, b.wanted(target, selected)); err != nil {
			return nil, []error{err}
		}
		out := make([]any, len(lists))
		for i, l := range lists {
			if l == nil {
				continue
			}
			page := makePage(l.found, core.Query{After: after}, size, 0)
			if out[i] = any(page); !paged {
				out[i] = cut(page, p.Args)
			}
		}
		return out, errs
	}
}

// toMany resolves whole lists of references, as plugins answer with them.
func (b *builder) toMany(target *schema.Entity, path string) execution.BatchResolve {
	return func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		lists := readings(p.Parents, path)
		if err := b.read(ctx, target, lists, math.MaxInt, b.wanted(target, p.Selection)); err != nil {
			return nil, []error{err}
		}
		out := make([]any, len(lists))
		for i, l := range lists {
			if l != nil {
				out[i] = listed(l.found)
			}
		}
		return out, nil
	}
}

// pageSize is the argument first.
func (b *builder) pageSize(args map[string]any) (int, error) {
	first, given := args["first"].(int)
	if !given {
		return b.PageSize, nil // an explicit null is no number either
	}
	return first, b.checkPage("first", first)
}

// reading is how far a list of references has been looked up.
type reading struct {
	ids   []any    // that are still to be looked up
	asked []string // that are looked up just now
	found []*core.Record
}

// readings are the lists of all parents; nil for one that has none.
func readings(parents []any, path string) []*reading {
	lists := make([]*reading, len(parents))
	for i, parent := range parents {
		if ids, ok := schema.Lookup(values(parent), path).([]any); ok {
			lists[i] = &reading{ids: ids}
		}
	}
	return lists
}

// begin has the lists start after the record of a cursor, if there is one. What
// stands in a list twice comes once, since a cursor names it only once.
func begin(lists []*reading, after []any) []error {
	errs := make([]error, len(lists))
	for i, l := range lists {
		if l == nil {
			continue
		}
		seen := map[any]bool{}
		l.ids = slices.DeleteFunc(slices.Clone(l.ids), func(id any) bool {
			was := seen[id]
			seen[id] = true
			return was
		})
		if after == nil {
			continue
		}
		at := slices.Index(l.ids, after[0])
		if at < 0 {
			l.ids, errs[i] = nil, invalidArgument("after", "cursor", "is of a record that is not in the list any more; begin at the first page")
			continue
		}
		l.ids = l.ids[at+1:]
	}
	return errs
}

// maxLookup is how many references of a list are looked up at a time.
const maxLookup = 1000

// read fills each list up to size, as far as there are records that the actor
// may see.
func (b *builder) read(ctx context.Context, target *schema.Entity, lists []*reading, size int, only []string) error {
	lists = slices.DeleteFunc(slices.Clone(lists), func(l *reading) bool { return l == nil })
	for chunk := min(size, maxLookup); ; chunk = min(2*chunk, maxLookup) {
		var ids []string
		for _, l := range lists {
			ids = append(ids, l.next(chunk, size)...)
		}
		if len(ids) == 0 {
			return nil
		}
		records, err := b.session(ctx).Load(ctx, target.Stored(), distinct(ids), only)
		if err != nil {
			return err
		}
		for _, l := range lists {
			l.keep(records, size)
		}
	}
}

// next are the references to look up now, unless the list is full.
func (l *reading) next(chunk, size int) []string {
	l.asked = nil
	if len(l.found) >= size {
		return nil
	}
	n := min(chunk, len(l.ids))
	for _, id := range l.ids[:n] {
		l.asked = append(l.asked, id.(string))
	}
	l.ids = l.ids[n:]
	return l.asked
}

func (l *reading) keep(records map[string]*core.Record, size int) {
	for _, id := range l.asked {
		if r := records[id]; r != nil && len(l.found) < size {
			l.found = append(l.found, r)
		}
	}
}
