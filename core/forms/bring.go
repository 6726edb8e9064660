package forms

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// bring writes those of some records that are in an older form. Each is written on the
// very version that is stored then: who changes one meanwhile loses nothing.
func (r *run) bring(ctx context.Context, e *schema.Entity, found []*core.Record) (changed int, all []left, err error) {
	var drafts []record.Draft
	for _, one := range found {
		now, unfit := e.FormNow(one.Values, r.Records.Region)
		if !one.Deleted() { // what is deleted need not fit
			for _, v := range unfit.Unquote(func(string) bool { return true }) {
				all = append(all, left{id: one.ID, path: v.Field, why: v.Message})
			}
		}
		if !reflect.DeepEqual(now, one.Values) {
			drafts = append(drafts, record.Draft{Action: core.Updated, ID: one.ID, Reform: &record.Reform{}})
		}
	}
	for len(drafts) > 0 {
		var again []record.Draft
		for i, saved := range r.session.Save(ctx, e, drafts, false) {
			d := drafts[i]
			path, taken := takenIn(saved.Err)
			switch code := core.CodeOf(saved.Err); {
			case saved.Err == nil:
				if saved.Done != record.Unchanged {
					changed++
				}
			case taken && !slices.Contains(d.Reform.Leave, path):
				one, err := r.collision(ctx, e, d.ID, path)
				if err != nil {
					return changed, nil, err
				}
				all = append(all, one...)
				d.Reform = &record.Reform{Leave: append(slices.Clone(d.Reform.Leave), path)}
				again = append(again, d)
			case code == core.NotFound: // it is gone
			case code == core.Unavailable, code == core.Internal:
				return changed, nil, fmt.Errorf("bring the %s %s into the form of today: %w", e.Name, d.ID, saved.Err)
			case code == core.Conflict:
				return changed, nil, &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("Others write the %s %s all the time. It is tried again.", e.Name, d.ID), Cause: saved.Err}
			default:
				all = append(all, left{id: d.ID, why: saved.Err.Error()})
			}
		}
		drafts = again
	}
	return changed, all, nil
}

// takenIn is the storage path of a unique value that another record has.
func takenIn(err error) (path string, taken bool) {
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Conflict || len(ours.Violations) == 0 || ours.Violations[0].Rule != "unique" {
		return "", false
	}
	return ours.Violations[0].Field, true
}

// collision is a value that would be that of another record. There is none any more if
// the record was written meanwhile.
func (r *run) collision(ctx context.Context, e *schema.Entity, id, path string) ([]left, error) {
	found, err := r.Records.Store.Find(ctx, e, core.Query{Filter: record.ByIDs([]string{id}), First: 1})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	now, _ := e.FormNow(found[0].Values, r.Records.Region)
	field, _ := e.At(path)
	one := left{id: id, path: path, value: schema.Lookup(now, path)}
	if one.value == nil {
		return nil, nil
	}
	// Of several, such as duplicates that were merged, the one that lives is named.
	filter := schema.Filter{Path: path, Op: schema.OpEq, Value: one.value, Field: field}
	for _, deleted := range []bool{false, true} {
		others, err := r.Records.Store.Find(ctx, e, core.Query{Filter: filter, First: 1, Deleted: deleted, Only: []string{}})
		if err != nil {
			return nil, err
		}
		if len(others) > 0 {
			one.other = others[0].ID
			break
		}
	}
	return []left{one}, nil
}
