package graphql

import (
	"context"
	"maps"
	"net/url"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// addressField is what a file has beside its parts: where it is read.
const addressField = "url"

// FileAddress is where the content of a file is read that a record has: what is read there
// is held against the rights of whoever reads it.
func FileAddress(entity, record, file string) string {
	return "/files/" + url.PathEscape(entity) + "/" + url.PathEscape(record) + "/" + url.PathEscape(file)
}

// located adds to the files in a field of records where they are read.
func located(e *schema.Entity, f *schema.Field, resolve execution.BatchResolve) execution.BatchResolve {
	return func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		out, errs := resolve(ctx, p)
		for i, parent := range p.Parents {
			r, is := parent.(*core.Record)
			if !is || errs != nil && errs[i] != nil {
				continue
			}
			out[i] = f.EachFile(core.CloneValue(out[i]), f.Name, func(_ string, value any) any {
				file, is := value.(map[string]any)
				if id, ok := schema.FileID(value); is && ok {
					file = maps.Clone(file)
					file[addressField] = FileAddress(e.Name, r.ID, id)
					return file
				}
				return value
			})
		}
		return out, errs
	}
}
