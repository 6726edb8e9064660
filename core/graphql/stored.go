package graphql

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/schema"
)

// stored resolves a field from the storage path. What a record holds and the
// field does not read is an error in its place, and null; all else of the record
// is there.
func stored(f *schema.Field, path string) execution.BatchResolve {
	return func(_ context.Context, p execution.BatchParams) ([]any, []error) {
		out := make([]any, len(p.Parents))
		for i, parent := range p.Parents {
			r, whole := parent.(*core.Record)
			if !whole {
				out[i] = schema.Lookup(parent, path) // of an object that was read as a part of its record
				continue
			}
			out[i] = schema.Lookup(r.Values, path)
			if out[i] = f.Known(out[i]); !f.Reads(out[i]) {
				out[i] = readable(r, f, out[i], path)
			}
		}
		return out, nil
	}
}

// readable is a value of a record with errors in the places of what fields do not
// read.
func readable(r *core.Record, f *schema.Field, value any, at string) any {
	if f.Reads(value) {
		return value
	}
	switch v := value.(type) {
	case []any:
		if f.Of == nil {
			break
		}
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = readable(r, f.Of, item, fmt.Sprintf("%s[%d]", at, i))
		}
		return list
	case map[string]any:
		if len(f.Subs()) == 0 {
			break
		}
		object := make(map[string]any, len(v))
		for _, sub := range f.Subs() {
			object[sub.Name] = readable(r, sub, v[sub.Name], at+"."+sub.Name)
		}
		return object
	}
	return misread(r, f, value, at)
}

// misread is the error of a value that a field does not read.
func misread(r *core.Record, f *schema.Field, value any, at string) error {
	text := f.Misread(value)
	return &core.Error{
		Code: core.Invalid, Message: fmt.Sprintf("The field %s of the %s %s %s", at, r.Entity, r.ID, text),
		Violations: schema.Violations{{Field: at, Rule: "stored", Message: text}},
	}
}
