package record

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// pointer is a reference that a change sets anew.
type pointer struct {
	draft int    // index of the draft
	at    string // path for the message: "lines[2].product"
	id    string
	into  string // the record that stands for it, since they were merged
}

// checkReferences adds a violation for every new reference to a record that
// does not exist or that the actor may not see, with one query for each
// entity that is referred to.
func (s *Session) checkReferences(ctx context.Context, e *schema.Entity, works []*work, violations []schema.Violations) error {
	pointers, back := map[*schema.Entity][]pointer{}, map[*schema.Entity][]pointer{}
	for _, r := range s.Model.References(e.Stored()) {
		for i, w := range works {
			for _, p := range newPointers(r, w.change) {
				p.draft = i
				switch turn := w.draft.Redirect; {
				case turn != nil && p.id == turn.To, w.goesAlong(r, p.id):
				case w.change.Action == core.Restored:
					back[r.To.Stored()] = append(back[r.To.Stored()], p)
				default:
					pointers[r.To] = append(pointers[r.To], p)
				}
			}
		}
	}
	for target, list := range pointers {
		turned, err := s.checkPointers(ctx, target, list, violations)
		if err != nil {
			return err
		}
		for _, p := range turned {
			w := works[p.draft]
			s.redirect(e, w.change.After, &Redirect{From: p.id, To: p.into})
			violations[p.draft] = append(violations[p.draft], e.CheckOther(w.change.ValuesBefore(), w.change.After.Values)...)
		}
	}
	for target, list := range back {
		if err := s.checkReturned(ctx, target, list, violations); err != nil {
			return err
		}
	}
	return nil
}

// goesAlong says whether a record refers to itself, or to one that comes back with it.
func (w *work) goesAlong(r schema.Reference, id string) bool {
	return id == w.change.After.ID && r.To.Stored() == r.From.Stored() || w.draft.among[node{r.To.Stored(), id}]
}

// checkReturned adds a violation for every reference of a record that comes back to one
// that does not live. Whoever was not seen when the reference was set need not be now.
func (s *Session) checkReturned(ctx context.Context, target *schema.Entity, list []pointer, violations []schema.Violations) error {
	found, err := s.Store.Find(ctx, target, core.Query{Filter: ByIDs(idsOf(list)), First: -1, Only: []string{}})
	if err != nil {
		return fmt.Errorf("look whether what is referred to lives: %w", err)
	}
	lives := map[string]bool{}
	for _, r := range found {
		lives[r.ID] = true
	}
	for _, p := range list {
		if !lives[p.id] {
			message := "leads to a " + target.Name + " that is deleted; restore that first"
			violations[p.draft] = append(violations[p.draft], schema.Violation{Field: p.at, Rule: "reference", Message: message})
		}
	}
	return nil
}

func idsOf(list []pointer) []string {
	ids := map[string]bool{}
	for _, p := range list {
		ids[p.id] = true
	}
	return slices.Sorted(maps.Keys(ids))
}

// checkPointers adds a violation for every reference that leads nowhere, and returns
// those to merged records, which are turned.
func (s *Session) checkPointers(ctx context.Context, target *schema.Entity, list []pointer, violations []schema.Violations) (merged []pointer, err error) {
	found, err := s.Load(ctx, target, idsOf(list), []string{})
	if err != nil && core.CodeOf(err) != core.Forbidden {
		return nil, err
	}
	name := target.Name
	if err != nil {
		name = "record" // of what the actor may see nothing of, it gets no name either
	}
	must := "must be the id of an existing " + name + " that you may see"
	for _, p := range list {
		if found[p.id] == nil {
			violations[p.draft] = append(violations[p.draft], schema.Violation{
				Field: p.at, Rule: "reference", Message: must + ", not " + p.id, Unquoted: must,
			})
		} else if p.into = found[p.id].ID; p.into != p.id {
			merged = append(merged, p)
		}
	}
	return merged, nil
}

// newPointers are the references that a change sets anew. Of a record that comes
// back, all are, unless they may lead nowhere.
func newPointers(r schema.Reference, c core.Change) []pointer {
	if c.After.Deleted() {
		return nil
	}
	old := map[string]bool{}
	if c.Action != core.Restored {
		for _, p := range pointersAt(c.ValuesBefore(), r.Path, "") {
			old[p.id] = true
		}
	} else if r.Rule() == schema.DeleteKeep {
		return nil
	}
	var added []pointer
	for _, p := range pointersAt(c.After.Values, r.Path, "") {
		if !old[p.id] {
			added = append(added, p)
		}
	}
	return added
}

// pointersAt collects the references at a storage path that may lead through
// lists.
func pointersAt(value any, path, at string) []pointer {
	switch v := value.(type) {
	case string:
		if path == "" {
			return []pointer{{at: at, id: v}}
		}
	case []any:
		var all []pointer
		for i, item := range v {
			all = append(all, pointersAt(item, path, at+"["+strconv.Itoa(i)+"]")...)
		}
		return all
	case map[string]any:
		name, rest, _ := strings.Cut(path, ".")
		if at != "" {
			at += "."
		}
		return pointersAt(v[name], rest, at+name)
	}
	return nil
}

// redirect turns the references of a record.
func (s *Session) redirect(e *schema.Entity, r *core.Record, turn *Redirect) {
	if turn == nil {
		return
	}
	for _, ref := range s.Model.References(e.Stored()) {
		turned(r.Values, ref.Path, *turn)
	}
}

// turned returns the value with the references at a path in it turned; the
// objects on the way are changed in place. nil is no value.
func turned(value any, path string, turn Redirect) any {
	switch v := value.(type) {
	case string:
		if path != "" || v != turn.From {
			return v
		}
		if turn.To == "" {
			return nil
		}
		return turn.To
	case []any:
		left := make([]any, 0, len(v))
		for _, item := range v {
			if item = turned(item, path, turn); item != nil {
				left = append(left, item)
			}
		}
		return left
	case map[string]any:
		name, rest, _ := strings.Cut(path, ".")
		if inner, has := v[name]; has {
			if v[name] = turned(inner, rest, turn); v[name] == nil {
				delete(v, name)
			}
		}
	}
	return value
}

// ReferredTo lists the ids at a storage path of a record's values, which may
// lead through lists.
func ReferredTo(values map[string]any, path string) []string {
	var ids []string
	for _, p := range pointersAt(values, path, "") {
		ids = append(ids, p.id)
	}
	return ids
}
