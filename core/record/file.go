package record

import (
	"context"
	"maps"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// Files knows what was uploaded. core/file implements it.
type Files interface {
	// Take returns the value of an upload, by its id, if whoever has uploaded it may be
	// taken from; nil where there is none. Its content is there for longer than the write
	// lasts that puts it into a record. With look it is looked at and not taken.
	Take(ctx context.Context, id string, into Holder, may func(by string) bool, look bool) (value map[string]any, err error)

	// Share is told before a write which of these records may have a file afterwards, or
	// may not have it any more.
	Share(ctx context.Context, value map[string]any, among ...Holder) error
}

// Holder is a record that may have a file.
type Holder struct {
	Entity string // stored
	ID     string
}

func holderOf(r *core.Record) Holder { return Holder{r.Entity, r.ID} }

// takeFiles completes the ids of uploads that drafts have put into fields for files. What
// the record had before stays as it was, whatever was sent beside its id: nobody says what
// a file is but the upload. An id that leads nowhere is left for CheckFiles.
//
// A draft has uploads of its actor. What hooks have put there may be of plugins as well.
func (s *Session) takeFiles(ctx context.Context, e *schema.Entity, works []*work, hooked, look bool) {
	if !e.HasFiles() {
		return
	}
	may := func(by string) bool {
		return by == s.Actor.ID || hooked && strings.HasPrefix(by, core.PluginActor("").ID)
	}
	s.step(works, func(w *work) (err error) {
		if w.result.Done == Unchanged || w.change.After.Deleted() {
			return nil
		}
		known := filesOf(e, w.change.ValuesBefore())
		if hooked {
			maps.Copy(known, filesOf(e, w.judged))
		}
		e.EachFile(w.change.After.Values, func(_ string, sent any) any {
			id, is := schema.FileID(sent)
			if !is || err != nil {
				return sent // Check says what is wrong with it
			}
			if value := known[id]; value != nil {
				return core.CloneValue(value)
			}
			value, failed := s.takeFile(ctx, w, id, sent, may, look)
			if err = failed; value == nil || err != nil {
				return map[string]any{"id": id}
			}
			return value
		})
		return err
	})
}

func (s *Session) takeFile(ctx context.Context, w *work, id string, sent any, may func(by string) bool, look bool) (map[string]any, error) {
	into := holderOf(w.change.After)
	if value, isWhole := sent.(map[string]any); isWhole && w.draft.InheritsFrom != "" && w.judged == nil {
		if look || s.Files == nil {
			return value, nil
		}
		return value, s.Files.Share(ctx, value, into, Holder{into.Entity, w.draft.InheritsFrom})
	}
	if s.Files == nil {
		return nil, nil
	}
	return s.Files.Take(ctx, id, into, may, look)
}

// leaveFiles notes which files records are about to lose.
func (s *Session) leaveFiles(ctx context.Context, e *schema.Entity, works []*work) {
	if s.Files == nil || !e.HasFiles() {
		return
	}
	s.step(works, func(w *work) error {
		if w.result.Done == Unchanged {
			return nil
		}
		stay := filesOf(e, w.change.After.Values)
		for id, value := range filesOf(e, w.change.ValuesBefore()) {
			if stay[id] != nil {
				continue
			}
			if err := s.Files.Share(ctx, value, holderOf(w.change.After)); err != nil {
				return err
			}
		}
		return nil
	})
}

// filesOf are the values of the files that a stored record has, by their ids.
func filesOf(e *schema.Entity, values map[string]any) map[string]map[string]any {
	files := map[string]map[string]any{}
	e.EachFile(values, func(_ string, value any) any {
		if v, is := value.(map[string]any); is {
			if id, ok := schema.FileID(v); ok {
				files[id] = v
			}
		}
		return value
	})
	return files
}
