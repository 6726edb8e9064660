package record

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// isMade says whether the deletion or the restoration that an intent is for was carried
// out, and whether the record was deleted or restored since: that has a timer of its own
// where there is something to do, and so nothing is left of this one.
func (s *Service) isMade(ctx context.Context, e *schema.Entity, i intent, r *core.Record) (made, overtaken bool, err error) {
	switch r.Version {
	case i.Version:
		return false, false, nil
	case i.Version + 1:
		return r.Deleted() == (i.Action == core.Deleted), false, nil
	}
	history, err := s.Store.History(ctx, e, i.ID, -1, 0)
	if err != nil {
		return false, false, fmt.Errorf("look what became of %s %s: %w", e.Name, i.ID, err)
	}
	for _, entry := range history {
		switch turns := entry.Action == core.Deleted || entry.Action == core.Restored || entry.Action == core.Merged; {
		case entry.Version == i.Version+1:
			made = entry.Action == i.Action
		case entry.Version > i.Version && turns:
			overtaken = true
		}
	}
	return made, made && overtaken, nil
}
