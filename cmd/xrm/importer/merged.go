package importer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/schema"
)

// keysAtOnce is how many values of a unique field are asked for in one request. Each
// is a field of its own, so that their number is bound by the size of a document.
const keysAtOnce = 100

// merges says whether a record of the entity may stand for others that were merged
// into it.
func (e *Entity) merges() bool {
	return slices.ContainsFunc(e.Fields, func(f *Field) bool { return f.System && f.Name == schema.MergedField })
}

// askMerged asks for what a filter has not found among live records: the unique value
// of a duplicate leads to the record that it was merged into.
func (l *lookup) askMerged(ctx context.Context, c *client.Client, wanted []*wantedRef) error {
	if !l.by.Unique || !l.entity.merges() {
		return nil
	}
	left := slices.DeleteFunc(slices.Clone(wanted), func(w *wantedRef) bool { return l.ids[w.text].count > 0 })
	for some := range slices.Chunk(left, keysAtOnce) {
		if err := l.askByKey(ctx, c, some); err != nil {
			return err
		}
	}
	return nil
}

// askByKey asks for each value by itself, in one request.
func (l *lookup) askByKey(ctx context.Context, c *client.Client, wanted []*wantedRef) error {
	var parameters, fields strings.Builder
	variables, answer := map[string]any{}, map[string]*struct{ ID string }{}
	for i, w := range wanted {
		fmt.Fprintf(&parameters, " $k%d: %sKey!", i, typeName(l.entity.Name))
		fmt.Fprintf(&fields, " k%d: %sBy(key: $k%d) { id }", i, l.entity.Name, i)
		variables[fmt.Sprint("k", i)] = map[string]any{l.by.Name: w.value}
	}
	query := fmt.Sprintf("query ImportMerged(%s) {%s }", parameters.String()[1:], fields.String())
	if err := c.Do(ctx, client.Request{Query: query, Variables: variables}, &answer); err != nil {
		return err
	}
	for i, w := range wanted {
		if one := answer[fmt.Sprint("k", i)]; one != nil {
			l.ids[w.text] = found{id: one.ID, count: 1}
		}
	}
	return nil
}
