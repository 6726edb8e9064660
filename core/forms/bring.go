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
			if saved.Done == core.Updated && saved.Err == nil {
				changed++
			}
			some, next, err := r.refused(ctx, e, drafts[i], saved.Err)
			if err != nil {
				return changed, nil, err
			}
			all, again = append(all, some...), append(again, next...)
		}
		drafts = again
	}
	return changed, all, nil
}

// refused says what is left since a record was refused, if it was, and what of it is
// tried again. The error is one for which all has to wait.
func (r *run) refused(ctx context.Context, e *schema.Entity, d record.Draft, why error) (some []left, next []record.Draft, err error) {
	path, taken := takenIn(why)
	switch code := core.CodeOf(why); {
	case why == nil:
		return nil, nil, nil
	case taken && !slices.Contains(d.Reform.Leave, path):
		some, err = r.collision(ctx, e, d.ID, path)
		d.Reform = &record.Reform{Leave: append(slices.Clone(d.Reform.Leave), path)}
		return some, []record.Draft{d}, err
	case code == core.NotFound: // it is gone
		return nil, nil, nil
	case code == core.Unavailable, code == core.Internal:
		return nil, nil, fmt.Errorf("bring the %s %s into the form of today: %w", e.Name, d.ID, why)
	case code == core.Conflict:
		return nil, nil, &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("Others write the %s %s all the time. It is tried again.", e.Name, d.ID), Cause: why}
	}
	return []left{{id: d.ID, why: why.Error()}}, nil, nil
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
