package importer

import (
	"context"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// lookup finds the ids of records by a unique field. What it found it
// remembers for the whole import; what it did not find it asks for again,
// because the import itself may have created it meanwhile.
type lookup struct {
	entity *Entity
	by     *Field
	ids    map[string]string
}

// wantedRef is a reference that is still to be looked up.
type wantedRef struct {
	lookup *lookup
	text   string
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
	case !unique.Unique:
		return nil, fmt.Errorf("lookup: the field %s of %s is not unique, so that it may find several", by, name)
	}
	key := entity.Name + "." + unique.Name
	if l.all[key] == nil {
		l.all[key] = &lookup{entity: entity, by: unique, ids: map[string]string{}}
	}
	return l.all[key], nil
}

// wanted makes a reference of a text.
func (l *lookup) wanted(text string) (any, error) {
	value, err := (&converter{field: l.by}).convert(text)
	if err != nil {
		return nil, err
	}
	return &wantedRef{lookup: l, text: fmt.Sprint(value)}, nil
}

// missing completes "<field> …" for a text that finds nothing.
func (l *lookup) missing(text string) string {
	return fmt.Sprintf("refers to the %s with %s %q, which does not exist", l.entity.Name, l.by.Name, text)
}

// find asks the server for what is not known yet, in as few requests as the
// size of a page allows.
func (l *lookups) find(ctx context.Context, wanted []*wantedRef) error {
	ask := map[*lookup][]string{}
	asked := map[string]bool{}
	for _, w := range wanted {
		key := w.lookup.entity.Name + "." + w.lookup.by.Name + "=" + w.text
		if _, known := w.lookup.ids[w.text]; !known && !asked[key] {
			asked[key] = true
			ask[w.lookup] = append(ask[w.lookup], w.text)
		}
	}
	for lookup, texts := range ask {
		for len(texts) > 0 {
			n := min(len(texts), l.page)
			if err := lookup.ask(ctx, l.client, texts[:n]); err != nil {
				return err
			}
			texts = texts[n:]
		}
	}
	return nil
}

func (l *lookup) ask(ctx context.Context, c *client.Client, texts []string) error {
	query := fmt.Sprintf("query ImportLookup($filter: %sFilter, $first: Int) { found: %s(filter: $filter, first: $first) { nodes { id key: %s } } }",
		typeName(l.entity.Name), l.entity.Plural, l.by.Name)
	filter := map[string]any{l.by.Name: map[string]any{"in": texts}}
	var answer struct {
		Found struct {
			Nodes []struct {
				ID  string `json:"id"`
				Key any    `json:"key"`
			} `json:"nodes"`
		} `json:"found"`
	}
	if err := c.Do(ctx, client.Request{Query: query, Variables: map[string]any{"filter": filter, "first": len(texts)}}, &answer); err != nil {
		return fmt.Errorf("look %s up by %s: %w", l.entity.Plural, l.by.Name, err)
	}
	for _, node := range answer.Found.Nodes {
		l.ids[fmt.Sprint(node.Key)] = node.ID
	}
	return nil
}
