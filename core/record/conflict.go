package record

import (
	"context"
	"errors"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// explain turns the store's refusal into what the caller can do about it, or
// decides to start over.
func (s *Session) explain(ctx context.Context, e *schema.Entity, w *work, err error) {
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
	if v.Rule == "reference" || v.Rule == "referred" {
		w.again = true // the next look says by itself what is wrong
		if turn := w.draft.Redirect; turn != nil && v.Rule == "reference" {
			s.revive(ctx, w, turn.To)
		}
		return
	}
	// A drawn number that somebody had given by hand: the next one is drawn. A
	// record that somebody created in between: now it is an update.
	w.overdrawn = w.drawn[v.Field]
	w.again = w.overdrawn || w.draft.By != nil && v.Field == w.draft.By.StoragePath()
	w.result.Err = s.takenBy(ctx, e, w, v.Field)
}

// takenBy is the error of a unique value that the store has refused.
func (s *Session) takenBy(ctx context.Context, e *schema.Entity, w *work, path string) error {
	seen := w.again || s.seesUnique(e) // what is tried again tells nothing
	if !seen {
		field, _ := e.At(path)
		value := schema.Lookup(w.change.After.Values, path)
		owners, err := s.seesOwners(ctx, e, path, schema.Filter{Path: path, Op: schema.OpEq, Value: value, Field: field})
		if err != nil {
			return err
		}
		seen = owners[value]
	}
	return s.taken(e, w, w.change.After, path, seen)
}

func stale(e *schema.Entity) error { return core.Refused(e.OutOfDate()) }
