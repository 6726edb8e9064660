package record

import (
	"context"
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
}

// checkReferences adds a violation for every new reference to a record that
// does not exist or that the actor may not see, with one query for each
// entity that is referred to.
func (s *Session) checkReferences(ctx context.Context, e *schema.Entity, works []*work, violations []schema.Violations) error {
	pointers := map[*schema.Entity][]pointer{}
	for _, r := range s.Model.References(e.Stored()) {
		for i, w := range works {
			for _, p := range newPointers(r, w.change) {
				if turn := w.draft.Redirect; turn != nil && p.id == turn.To {
					continue
				}
				p.draft = i
				pointers[r.To] = append(pointers[r.To], p)
			}
		}
	}
	for target, list := range pointers {
		if err := s.checkPointers(ctx, target, list, violations); err != nil {
			return err
		}
	}
	return nil
}

// checkPointers adds a violation for every reference that leads nowhere.
func (s *Session) checkPointers(ctx context.Context, target *schema.Entity, list []pointer, violations []schema.Violations) error {
	ids := map[string]bool{}
	for _, p := range list {
		ids[p.id] = true
	}
	found, err := s.Load(ctx, target, slices.Sorted(maps.Keys(ids)), []string{})
	if err != nil && core.CodeOf(err) != core.Forbidden {
		return err
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
		}
	}
	return nil
}

func newPointers(r schema.Reference, c core.Change) []pointer {
	if c.After.Deleted() {
		return nil
	}
	old := map[string]bool{}
	for _, p := range pointersAt(c.ValuesBefore(), r.Path, "") {
		old[p.id] = true
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
// objects and lists on the way are changed in place.
func turned(value any, path string, turn Redirect) any {
	switch v := value.(type) {
	case string:
		if path == "" && v == turn.From {
			return turn.To
		}
	case []any:
		for i, item := range v {
			v[i] = turned(item, path, turn)
		}
	case map[string]any:
		name, rest, _ := strings.Cut(path, ".")
		if inner, has := v[name]; has {
			v[name] = turned(inner, rest, turn)
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
