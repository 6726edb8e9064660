package graphql

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// toOne resolves a reference of all parents with one query. A record that is
// gone, or that the actor may not see, is null. Whoever was a customer once
// is still shown where an order says so: the role is not asked for.
func (b *builder) toOne(target *schema.Entity, f *schema.Field, path string) execution.BatchResolve {
	return func(ctx context.Context, p execution.BatchParams) ([]any, []error) {
		ids, unread := make([]string, len(p.Parents)), make([]any, len(p.Parents))
		for i, parent := range p.Parents {
			switch value := schema.Lookup(values(parent), path).(type) {
			case string:
				ids[i] = value
			case error:
				unread[i] = value
			case nil:
			default:
				if r, whole := parent.(*core.Record); whole {
					unread[i] = misread(r, f, value, path)
				}
			}
		}
		found, err := b.session(ctx).Load(ctx, target.Stored(), distinct(ids), b.wanted(target, p.Selection))
		if err != nil {
			return nil, onlyFor(ids, err)
		}
		out := unread
		for i, id := range ids {
			if r := found[id]; r != nil {
				out[i] = r
			}
		}
		return out, nil
	}
}

// onlyFor gives the error to the parents that have a reference at all, except
// that what may not be seen is null like everything that may not be seen.
func onlyFor(ids []string, err error) []error {
	errs := make([]error, len(ids))
	if core.CodeOf(err) == core.Forbidden {
		return errs
	}
	for i, id := range ids {
		if id != "" {
			errs[i] = err
		}
	}
	return errs
}

// distinct lists the ids that are not empty, each once.
func distinct(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	var list []string
	for _, id := range ids {
		if id != "" && !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	return list
}
