package record

import (
	"errors"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// explain turns the store's refusal into what the caller can do about it, or
// decides to start over.
func (s *Session) explain(e *schema.Entity, w *work, err error) {
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Conflict || len(ours.Violations) == 0 {
		return
	}
	v := ours.Violations[0]
	if v.Rule == "version" {
		// Nobody asked for a certain version, so the change applies to the new one just as well.
		w.again = w.draft.IfVersion == 0
		w.result.Err = stale(e)
		return
	}
	// A drawn number that somebody had given by hand: the next one is drawn. A
	// record that somebody created in between: now it is an update.
	w.again = w.drawn[v.Field] || w.draft.By != nil && v.Field == w.draft.By.StoragePath()
	w.result.Err = taken(e, w.change.After, v.Field)
}

// taken is the error of a unique value, at a storage path of the record, that
// another record has.
func taken(e *schema.Entity, r *core.Record, path string) error {
	return core.Refused(e.Taken(path, schema.Lookup(r.Values, path)))
}

func stale(e *schema.Entity) error { return core.Refused(e.OutOfDate()) }
