package party

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// maxExported bounds how many records of one entity a document holds, and how
// many changes of the party.
const maxExported = 10_000

// Document is all that is kept about a party, as it is handed out to it.
type Document struct {
	Party    map[string]any              `json:"party"` // with the data of its roles
	History  []Change                    `json:"history"`
	Records  map[string][]map[string]any `json:"records"` // that refer to the party or were merged into it, by entity
	Plugins  []Part                      `json:"plugins"`
	Problems []string                    `json:"problems"` // what is missing in the document, and why; empty when it is whole
}

// Change is one line of the party's history.
type Change struct {
	Version int64       `json:"version"`
	Action  core.Action `json:"action"`
	At      string      `json:"at"`
	Actor   string      `json:"actor"`
	Changes []Value     `json:"changes"`
}

// Value is what happened to one field.
type Value struct {
	Field string `json:"field"`
	From  any    `json:"from"`
	To    any    `json:"to"`
}

// Part is what one plugin keeps elsewhere.
type Part struct {
	Plugin string          `json:"plugin"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// Export collects all that is kept about a party, also about a deleted one.
// Only administrators may: whoever sees less would hand out less. What could not be had
// stands under Problems, so that a document is never silently incomplete.
func (s *Service) Export(ctx context.Context, m *schema.Model, a core.Actor, id string) (*Document, error) {
	if !slices.Contains(a.Roles, core.AdminRole) {
		return nil, &core.Error{Code: core.Forbidden, Message: "A party is exported by administrators: the role " + core.AdminRole + "."}
	}
	e, session := m.Entity(entity), s.whole(m, a, s.Records.Hooks)
	found, err := session.Find(ctx, e, core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, absent(id)
	}
	doc := &Document{Party: found[0].WithSystem(), History: []Change{}, Records: map[string][]map[string]any{}, Plugins: []Part{}, Problems: []string{}}
	if err := doc.history(ctx, session, e, id); err != nil {
		return nil, err
	}
	for _, from := range m.Stored() {
		if err := doc.records(ctx, session, e, from, id); err != nil {
			return nil, err
		}
	}
	if err := doc.duplicates(ctx, session, e, id); err != nil {
		return nil, err
	}
	return doc, s.elsewhere(ctx, m, a, id, doc)
}

func (d *Document) history(ctx context.Context, session *record.Session, e *schema.Entity, id string) error {
	entries, err := session.History(ctx, e, id, maxExported+1, 0)
	if err != nil {
		return err
	}
	if len(entries) > maxExported {
		entries = entries[:maxExported]
		d.Problems = append(d.Problems, fmt.Sprintf("history: only the latest %d changes are here", maxExported))
	}
	for _, entry := range entries {
		c := Change{Version: entry.Version, Action: entry.Action, At: schema.Instant(entry.At), Actor: entry.Actor.ID, Changes: []Value{}}
		for _, diff := range entry.Diffs {
			c.Changes = append(c.Changes, Value{Field: diff.Path, From: diff.From, To: diff.To})
		}
		d.History = append(d.History, c)
	}
	return nil
}

// records adds the records of one entity that refer to the party, each once,
// also deleted ones.
func (d *Document) records(ctx context.Context, session *record.Session, e, from *schema.Entity, id string) error {
	all := map[string]*core.Record{}
	for _, r := range session.Model.ReferencesTo(e) {
		if r.From != from {
			continue
		}
		q := core.Query{First: page, Deleted: true, Per: &core.Per{Path: r.Path, InList: r.InList, Keys: []string{id}}}
		for {
			found, err := session.Find(ctx, from, q)
			if err != nil {
				return err
			}
			for _, one := range found {
				all[one.ID] = one
			}
			if len(found) < page || len(all) > maxExported {
				break
			}
			q.After = []any{found[len(found)-1].ID}
		}
	}
	ids := slices.Sorted(maps.Keys(all))
	if len(ids) > maxExported {
		ids = ids[:maxExported]
		d.Problems = append(d.Problems, fmt.Sprintf("records: only %d of the %s are here", maxExported, from.Plural))
	}
	for _, one := range ids {
		d.Records[from.Name] = append(d.Records[from.Name], all[one].WithSystem())
	}
	return nil
}

// duplicates adds the parties that were merged into this one, and keep what
// they had.
func (d *Document) duplicates(ctx context.Context, session *record.Session, e *schema.Entity, id string) error {
	merged := schema.Filter{Path: schema.MergedField, Op: schema.OpEq, Value: id, Field: e.Field(schema.MergedField)}
	found, err := session.Find(ctx, e, core.Query{Filter: merged, First: maxExported, Deleted: true})
	for _, r := range found {
		d.Records[e.Name] = append(d.Records[e.Name], r.WithSystem())
	}
	return err
}

func (s *Service) elsewhere(ctx context.Context, m *schema.Model, a core.Actor, id string, d *Document) error {
	if s.Elsewhere == nil {
		return nil
	}
	parts, err := s.Elsewhere.ExportParty(ctx, m, a, id)
	if err != nil {
		return fmt.Errorf("export party %s: %w", id, err)
	}
	for _, p := range parts {
		if p.Problem != "" {
			d.Problems = append(d.Problems, "plugins: "+p.Plugin+": "+p.Problem)
		}
		d.Plugins = append(d.Plugins, Part{Plugin: p.Plugin, Data: p.Data})
	}
	return nil
}
