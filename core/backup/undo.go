package backup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// errErased is that the journal does not say any more what a record was: it was
// erased, or its history was forgotten.
var errErased = errors.New("what the record was is forgotten")

// undo returns a record as it was before its last changes, whose entries are among
// these, in any order and perhaps twice: as the change before them, to, has left it.
func undo(now *core.Record, entries []core.Entry, to core.Entry) (*core.Record, error) {
	byVersion := map[int64]core.Entry{to.Version: to}
	for _, e := range entries {
		byVersion[e.Version] = e
		if e.Action == core.Erased && e.Version > to.Version { // which has taken values from the entries before it
			return nil, errErased
		}
	}
	r := now.Clone()
	for ; r.Version > to.Version; r.Version-- {
		e, known := byVersion[r.Version]
		if !known {
			return nil, fmt.Errorf("the journal has no entry of %s %s, version %d", r.Entity, r.ID, r.Version)
		}
		switch e.Action {
		case core.Restored: // which does not say when the record was deleted
			before := byVersion[r.Version-1]
			if before.Action != core.Deleted && before.Action != core.Merged {
				return nil, errErased
			}
			r.DeletedAt = before.At
		case core.Deleted, core.Merged:
			r.DeletedAt = time.Time{}
		}
		for _, d := range slices.Backward(e.Diffs) {
			if d.From == nil && d.To == nil {
				return nil, errErased
			}
			put(r.Values, d.Path, core.CloneValue(d.From))
		}
	}
	r.UpdatedAt, r.UpdatedBy = to.At, to.Actor.ID
	return r, nil
}

// put is schema.Put that leaves no object behind that has become empty.
func put(values map[string]any, path string, value any) {
	schema.Put(values, path, value)
	for value == nil {
		at := strings.LastIndexByte(path, '.')
		if at < 0 {
			return
		}
		path = path[:at]
		if object, isObject := schema.Lookup(values, path).(map[string]any); !isObject || len(object) > 0 {
			return
		}
		schema.Put(values, path, nil)
	}
}
