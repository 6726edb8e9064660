package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// lookup finds the ids of records by a field. What it found by a unique field
// it remembers for the whole import; what it did not find it asks for again,
// because the import itself may have created it meanwhile.
type lookup struct {
	entity *Entity
	by     *Field
	own    bool // a row of this import may be what is looked for
	ids    map[string]found
}

// found is what has a value: one record, or a number of them.
type found struct {
	id     string
	count  int
	capped bool // there may be more
}

// wantedRef is a reference that is still to be looked up.
type wantedRef struct {
	lookup *lookup
	value  any    // of the field by which it is found
	text   string // that value as a text, by which it is remembered
}

// lookups are those of one import, each entity and field once.
type lookups struct {
	client   *client.Client
	entities map[string]*Entity
	all      map[string]*lookup
	page     int // how many the server answers at once
}

// of returns the lookup that a source asks for: a field of the target, or
// entity.field. It is nil for ids.
func (l *lookups) of(ctx context.Context, f *Field, asked string) (*lookup, error) {
	if asked == "id" {
		return nil, nil
	}
	name, by := f.To, asked
	if entity, field, dotted := strings.Cut(asked, "."); dotted {
		name, by = entity, field
	}
	entity := l.entities[name]
	if entity == nil {
		var err error
		if entity, err = describe(ctx, l.client, name); err != nil {
			return nil, err
		}
		l.entities[name] = entity
	}
	unique := entity.defaultKey()
	if by != "" {
		unique = field(entity.Fields, by)
	}
	switch {
	case unique == nil && by == "":
		return nil, fmt.Errorf("%s has no unique field to look it up by; the file must have its ids, and the map say lookup: id", name)
	case unique == nil:
		return nil, fmt.Errorf("lookup: %s has no field %q%s", name, by, strictyaml.Suggest(by, names(entity.Fields)))
	}
	key := entity.Name + "." + unique.Name
	if l.all[key] == nil {
		look, err := l.by(ctx, entity, unique)
		if err != nil {
			return nil, fmt.Errorf("lookup: %w", err)
		}
		l.all[key] = look
	}
	return l.all[key], nil
}

// by makes a lookup. For a field that is not unique it asks the server whether
// it can find records by that at all.
func (l *lookups) by(ctx context.Context, entity *Entity, by *Field) (*lookup, error) {
	look := &lookup{entity: entity, by: by, ids: map[string]found{}}
	if by.Unique {
		return look, nil
	}
	_, err := look.page(ctx, l.client, []any{}, 1)
	var refused client.Errors
	if errors.As(err, &refused) {
		return nil, fmt.Errorf("the server finds no %s by %s, which is neither unique nor indexed, or not one text or number", entity.Name, by.Name)
	}
	return look, err
}

// wanted makes a reference of a text, which is written as those of the file.
func (l *lookup) wanted(text string, c *converter) (any, error) {
	own := *c
	own.field = l.by
	value, err := own.convert(text)
	if err != nil {
		return nil, err
	}
	return &wantedRef{lookup: l, value: value, text: fmt.Sprint(value)}, nil
}

// missing completes "<field> …" for a text that finds no record, or several.
func (l *lookup) missing(text string) string {
	what := fmt.Sprintf("refers to the %s with %s %q", l.entity.Name, l.by.Name, text)
	if n := l.ids[text]; n.count > 1 {
		return fmt.Sprintf("%s, but %s have that; say which one is meant by a unique field (lookup:)", what, n.of(l.entity))
	}
	return what + ", which does not exist"
}

// of says how many records there are.
func (f found) of(e *Entity) string {
	if f.capped {
		return fmt.Sprintf("%d or more %s", f.count, e.Plural)
	}
	return fmt.Sprintf("%d %s", f.count, e.Plural)
}

// find asks the server for what is not known yet, in as few requests as the
// size of a page allows.
func (l *lookups) find(ctx context.Context, wanted []*wantedRef) error {
	ask := map[*lookup][]*wantedRef{}
	asked := map[*lookup]map[string]bool{}
	for _, w := range wanted {
		if asked[w.lookup] == nil {
			asked[w.lookup] = map[string]bool{}
			if w.lookup.own && !w.lookup.by.Unique {
				clear(w.lookup.ids) // this import may have created another one
			}
		}
		if w.lookup.ids[w.text].count == 0 && !asked[w.lookup][w.text] {
			asked[w.lookup][w.text] = true
			ask[w.lookup] = append(ask[w.lookup], w)
		}
	}
	for lookup, refs := range ask {
		for chunk := range slices.Chunk(refs, l.page) {
			if err := lookup.ask(ctx, l.client, chunk, l.page); err != nil {
				return fmt.Errorf("look %s up by %s: %w", lookup.entity.Plural, lookup.by.Name, err)
			}
		}
	}
	return nil
}

// ask asks for all values at once. Where so many records have them that a page
// does not hold them all, it asks for one value after the other.
func (l *lookup) ask(ctx context.Context, c *client.Client, wanted []*wantedRef, page int) error {
	values := make([]any, len(wanted))
	for i, w := range wanted {
		values[i] = w.value
	}
	if l.by.Unique {
		page = len(values)
	}
	answer, err := l.page(ctx, c, values, page)
	if err != nil {
		return err
	}
	if !answer.PageInfo.HasNextPage {
		for _, node := range answer.Nodes {
			one := l.ids[node.text()]
			l.ids[node.text()] = found{id: node.ID, count: one.count + 1}
		}
		return l.askMerged(ctx, c, wanted)
	}
	for _, w := range wanted {
		if answer, err = l.page(ctx, c, []any{w.value}, 1); err != nil {
			return err
		}
		if len(answer.Nodes) > 0 {
			l.ids[w.text] = found{id: answer.Nodes[0].ID, count: max(1, answer.TotalCount), capped: answer.TotalCountCapped}
		}
	}
	return nil
}

// foundPage is one page of records that have some values.
type foundPage struct {
	PageInfo         struct{ HasNextPage bool }
	TotalCount       int
	TotalCountCapped bool
	Nodes            []foundNode
}

type foundNode struct {
	ID  string          `json:"id"`
	Key json.RawMessage `json:"key"`
}

// text is the key as wantedRef has it, whether the API writes it as a text or
// as a number.
func (n foundNode) text() string {
	var text string
	if json.Unmarshal(n.Key, &text) == nil {
		return text
	}
	return string(n.Key)
}

// page asks for the first records that have one of the values; for a single
// one also how many there are.
func (l *lookup) page(ctx context.Context, c *client.Client, values []any, first int) (foundPage, error) {
	counted := ""
	if !l.by.Unique && first == 1 {
		counted = " totalCount totalCountCapped"
	}
	query := fmt.Sprintf("query ImportLookup($filter: %sFilter, $first: Int) { found: %s(filter: $filter, first: $first) { pageInfo { hasNextPage }%s nodes { id key: %s } } }",
		typeName(l.entity.Name), l.entity.Plural, counted, l.by.Name)
	filter := map[string]any{l.by.Name: map[string]any{"in": values}}
	var answer struct {
		Found foundPage `json:"found"`
	}
	err := c.Do(ctx, client.Request{Query: query, Variables: map[string]any{"filter": filter, "first": first}}, &answer)
	return answer.Found, err
}
