package record

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// number draws numbers for the autonumber fields that have none: of a new
// record, and of a role that is new to it.
func (s *Session) number(ctx context.Context, e *schema.Entity, w *work) error {
	if w.result.Outcome == Unchanged || w.change.Action == core.Deleted {
		return nil
	}
	values := w.change.After.Values
	draw := func(f *schema.Field, path string) error {
		if schema.Lookup(values, path) != nil {
			return nil
		}
		counter := e.Name + "." + path
		if strings.Contains(f.Format, "{YYYY}") {
			counter += "." + w.change.At.Format("2006")
		}
		n, err := s.Store.Next(ctx, counter)
		if err != nil {
			return fmt.Errorf("draw a number for %s: %w", counter, err)
		}
		set(values, path, schema.Autonumber(f.Format, w.change.At, n))
		if w.drawn == nil {
			w.drawn = map[string]bool{}
		}
		w.drawn[path] = true
		return nil
	}
	for _, f := range e.Fields {
		if f.Type == "autonumber" {
			if err := draw(f, f.Name); err != nil {
				return err
			}
		}
		object, held := values[f.Name].(map[string]any)
		if !held || !f.System || object["until"] != nil {
			continue
		}
		for _, inner := range f.Fields {
			if inner.Type == "autonumber" {
				if err := draw(inner, f.Name+"."+inner.Name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// explain turns the store's refusal into what the caller can do about it, or
// decides to start over.
func (s *Session) explain(e *schema.Entity, w *work, err error) {
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Conflict || len(ours.Violations) == 0 {
		return
	}
	v := ours.Violations[0]
	switch {
	case v.Rule == "version":
		// Nobody asked for a certain version, so the change applies to the new one just as well.
		w.again = w.draft.IfVersion == 0
		w.result.Err = stale(e)
	case w.drawn[v.Field]:
		w.again = true // somebody had given that very number by hand; draw the next
	case w.draft.By != nil && v.Field == w.draft.By.StoragePath():
		w.again = true // somebody created it in between: now it is an update
	default:
		w.result.Err = taken(e, w.change.After, v.Field)
	}
}

// taken is the error of a unique value that another record has.
func taken(e *schema.Entity, r *core.Record, path string) error {
	field := e.FromStorage(path)
	return &core.Error{
		Code: core.Conflict, Message: fmt.Sprintf("The %s was not saved: another one has the same %s.", e.Name, field),
		Violations: schema.Violations{{
			Field: field, Rule: "unique", Message: fmt.Sprintf("is taken: another %s has %v already", e.Stored().Name, schema.Lookup(r.Values, path)),
		}},
	}
}
