package graphql

import (
	"slices"
	"strings"

	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// wanted are the storage paths of what is selected of records of an entity or
// role, as core.Query.Only has them: nil, for all of them, as soon as a plugin's
// field is selected, since the plugin is shown the record.
func (b *builder) wanted(e *schema.Entity, selections ...execution.Selection) []string {
	paths := []string{}
	for _, selection := range selections {
		for _, name := range selection.Names() {
			f := behind(e, name)
			switch {
			case f == nil && name != "__typename" && !b.isInverse(e, name):
				return nil
			case f == nil || schema.IsSystem(name):
			default:
				paths = append(paths, f.StoragePath())
			}
		}
	}
	return paths
}

// behind is the field that a name of the API gives: the field of that name, or the
// list that it gives page by page; nil for none.
func behind(e *schema.Entity, name string) *schema.Field {
	if f := e.Field(name); f != nil {
		return f
	}
	return pagedBy(e.Fields, name)
}

// pagedBy is the list of references that a name gives page by page, or nil.
func pagedBy(fields schema.Fields, name string) *schema.Field {
	list, ok := strings.CutSuffix(name, pageSuffix)
	i := slices.IndexFunc(fields, func(f *schema.Field) bool { return f.Name == list })
	if !ok || i < 0 || !isReferences(fields[i]) {
		return nil
	}
	return fields[i]
}

// isInverse says whether a name is that of a list on the other side of a
// reference, for which the id is enough.
func (b *builder) isInverse(e *schema.Entity, name string) bool {
	return slices.ContainsFunc(b.Model.ReferencesTo(e), func(r schema.Reference) bool { return r.Inverse == name })
}
