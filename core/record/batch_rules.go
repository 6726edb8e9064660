package record

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// checkBatch refuses what no batch can be.
func checkBatch(key string, wishes []Wish) error {
	if err := schema.CheckBatch(key, len(wishes)); err != nil {
		return core.Refused(err)
	}
	for i, one := range wishes {
		if one.Action != core.Created && one.Action != core.Updated {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf(
				"Nothing was saved: change %d is none that a batch can have. It creates and changes records; delete, restore, merge and erase them by themselves.", i+1)}
		}
	}
	return nil
}

// together refuses what the drafts of a batch may not do to each other: to be of one record,
// and to take a unique value that another one takes or gives up. A store that holds all
// values until it decides could not let go of that one.
func (s *Session) together(b *batch) {
	byRecord := map[node]int{}
	has := map[held]bool{} // what records leave, and then what they get
	for i, w := range b.works {
		if w.failed() || w.change.After == nil {
			continue
		}
		e := b.wishes[i].Entity
		n := node{e.Stored(), w.change.After.ID}
		if first, twice := byRecord[n]; twice {
			w.result.Err = core.Refused(e.Twice(n.id, first, i))
			continue
		}
		byRecord[n] = i
		eachUnique(e, w, func(path string, before, _ any) {
			if before != nil {
				has[held{e.Stored(), path, before}] = true
			}
		})
	}
	for i, w := range b.works {
		if w.failed() {
			continue
		}
		e := b.wishes[i].Entity
		eachUnique(e, w, func(path string, _, after any) {
			if after == nil || w.failed() {
				return
			}
			value := held{e.Stored(), path, after}
			if has[value] {
				w.result.Err = s.taken(e, w, w.change.After, path, true)
			}
			has[value] = true
		})
	}
}

// held is a unique value that a record of a batch has, or is to have.
type held struct {
	e     *schema.Entity
	path  string
	value any
}

// eachUnique calls do for every unique value that a change takes away or sets anew, nil for
// none. A value that is no plain one is compared by nobody here: the store does it.
func eachUnique(e *schema.Entity, w *work, do func(path string, before, after any)) {
	for path, field := range e.Kept() {
		if !field.Unique {
			continue
		}
		before, after := schema.Lookup(w.change.ValuesBefore(), path), schema.Lookup(w.change.After.Values, path)
		if _, isObject := before.(map[string]any); isObject || reflect.DeepEqual(before, after) {
			continue
		}
		if _, isObject := after.(map[string]any); isObject {
			after = nil
		}
		do(path, before, after)
	}
}

// refuse tells in each result why nothing is saved, and returns the first that stood in
// the way.
func (b *batch) refuse() int {
	first := b.failed()
	code := core.CodeOf(b.works[first].result.Err)
	for i, w := range b.works {
		switch {
		case !w.failed():
			w.result.Err = &core.Error{Code: code, Message: fmt.Sprintf(
				"The %s was not saved, because another change of the batch was refused.", b.wishes[i].Entity.Name)}
		default:
			var ours *core.Error
			if errors.As(w.result.Err, &ours) {
				told := *ours
				told.Message = schema.InBatch(b.wishes[i].Entity.Name, i, ours.Message)
				w.result.Err = &told
			}
		}
		w.result.Record, w.result.Done = nil, ""
	}
	return first
}
