package record

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// lead is a place in the records of an entity that holds the ids of others, which are of
// one of these entities.
type lead struct {
	path string
	to   []*schema.Entity
}

// kept are the leads that xrm keeps itself in a record that does not live: what it was
// merged into, and what it was deleted with.
func (b Basis) kept(e *schema.Entity) (leads []lead) {
	for _, path := range []string{schema.MergedField, schema.DeletedWithField} {
		if to := b.keptAt(e, path); len(to) > 0 {
			leads = append(leads, lead{path, to})
		}
	}
	return leads
}

// keptAt is where a path leads, if xrm keeps it.
func (b Basis) keptAt(e *schema.Entity, path string) []*schema.Entity {
	if path != schema.MergedField && path != schema.DeletedWithField {
		return nil
	}
	e = e.Stored()
	switch f := e.Field(path); {
	case f == nil || !f.System:
		return nil
	case path == schema.MergedField:
		return []*schema.Entity{e}
	}
	return b.Taking(e)
}

// leads are all leads of an entity.
func (b Basis) leads(e *schema.Entity) []lead {
	leads := b.kept(e)
	for _, r := range b.Model.References(e.Stored()) {
		leads = append(leads, lead{r.Path, []*schema.Entity{r.To.Stored()}})
	}
	return leads
}

// maskKept takes out of records what they were merged into, and deleted with, where the
// actor may not see that: its id would tell that it is there.
func (s *Session) maskKept(ctx context.Context, e *schema.Entity, records []*core.Record) error {
	deleted := slices.DeleteFunc(slices.Clone(records), func(r *core.Record) bool { return !r.Deleted() })
	if len(deleted) == 0 {
		return nil
	}
	for _, l := range s.kept(e) {
		var ids []string
		for _, r := range deleted {
			ids = append(ids, ReferredTo(r.Values, l.path)...)
		}
		hidden, err := s.hiddenAmong(ctx, l.to, ids)
		if err != nil {
			return err
		}
		for _, r := range deleted {
			if id, _ := r.Values[l.path].(string); hidden[id] {
				delete(r.Values, l.path)
			}
		}
	}
	return nil
}

// tellLeads takes the ids of records that the actor may not see out of entries of the
// history, and the changes of which nothing is left without them.
func (s *Session) tellLeads(ctx context.Context, entries []core.Entry, leads []lead) error {
	for _, l := range leads {
		var ids []string
		for _, entry := range entries {
			ids = append(ids, l.in(entry)...)
		}
		hidden, err := s.hiddenAmong(ctx, l.to, ids)
		if err != nil {
			return err
		}
		for i := range entries {
			if len(hidden) > 0 {
				entries[i].Diffs = l.without(hidden, entries[i].Diffs)
			}
		}
	}
	return nil
}

// in are the ids in what an entry tells of a lead.
func (l lead) in(entry core.Entry) (ids []string) {
	for _, d := range entry.Diffs {
		if below, at := l.below(d); at {
			for _, p := range slices.Concat(pointersAt(d.From, below, ""), pointersAt(d.To, below, "")) {
				ids = append(ids, p.id)
			}
		}
	}
	return ids
}

// below is where the ids are in what a change is from and to.
func (l lead) below(d core.Diff) (path string, at bool) {
	if l.path == d.Path {
		return "", true
	}
	return strings.CutPrefix(l.path, d.Path+".")
}

// without is what is left of changes without some ids.
func (l lead) without(hidden map[string]bool, diffs []core.Diff) []core.Diff {
	var left []core.Diff
	for _, d := range diffs {
		if below, at := l.below(d); at {
			d.From, d.To = core.CloneValue(d.From), core.CloneValue(d.To)
			for id := range hidden {
				d.From, d.To = turned(d.From, below, Redirect{From: id}), turned(d.To, below, Redirect{From: id})
			}
			if reflect.DeepEqual(d.From, d.To) {
				continue
			}
		}
		left = append(left, d)
	}
	return left
}

// hiddenAmong are those of the ids of records that the actor may not see, were they
// deleted or not.
func (s *Session) hiddenAmong(ctx context.Context, to []*schema.Entity, ids []string) (map[string]bool, error) {
	hidden := map[string]bool{}
	for _, id := range ids {
		hidden[id] = true
	}
	for _, e := range to {
		if len(hidden) == 0 {
			break
		}
		allowed, err := s.readable(e)
		switch {
		case core.CodeOf(err) == core.Forbidden:
			continue
		case err != nil:
			return nil, err
		case allowed.IsZero() && len(to) == 1:
			return nil, nil
		}
		seen, err := s.Store.Find(ctx, e, core.Query{Filter: schema.All(allowed, ByIDs(slices.Sorted(maps.Keys(hidden)))), First: -1, Deleted: true, Only: []string{}})
		if err != nil {
			return nil, fmt.Errorf("look which %s may be seen: %w", e.Plural, err)
		}
		for _, r := range seen {
			delete(hidden, r.ID)
		}
	}
	return hidden, nil
}
