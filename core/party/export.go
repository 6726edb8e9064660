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
	Records  map[string][]map[string]any `json:"records"` // its duplicates, and what refers to it or to them, by entity
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
// Only administrators may: whoever sees less would hand out less. What could
// not be had stands under Problems, so that a document is never silently
// incomplete.
func (s *Service) Export(ctx context.Context, on record.Basis, a core.Actor, id string) (*Document, error) {
	if err := onlyAdmins(a, "exported"); err != nil {
		return nil, err
	}
	e, session := on.Model.Entity(entity), s.whole(on, a)
	found, err := find(ctx, session, e, id)
	if err != nil {
		return nil, err
	}
	doc := &Document{Party: found[0].WithSystem(), History: []Change{}, Records: map[string][]map[string]any{}, Plugins: []Part{}, Problems: []string{}}
	if err := doc.history(ctx, session, e, id); err != nil {
		return nil, err
	}
	if err := doc.records(ctx, session, e, id); err != nil {
		return nil, err
	}
	return doc, s.elsewhere(ctx, on, a, id, doc)
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

// records adds the duplicates, and what refers to the party or to any of them,
// each record once, also deleted ones.
func (d *Document) records(ctx context.Context, session *record.Session, e *schema.Entity, id string) error {
	merged, err := duplicates(ctx, session, e, id)
	if err != nil {
		return err
	}
	all, ids := map[string]map[string]*core.Record{}, []string{id}
	for _, from := range session.Model.Stored() {
		all[from.Name] = map[string]*core.Record{}
	}
	for _, one := range merged {
		all[e.Name][one.ID] = one
		ids = append(ids, one.ID)
	}
	for _, r := range session.Model.ReferencesTo(e) {
		for _, id := range ids {
			if err := collect(ctx, session, r, id, all[r.From.Name]); err != nil {
				return err
			}
		}
	}
	for _, from := range session.Model.Stored() {
		d.add(from, all[from.Name])
	}
	return nil
}

// collect adds the records that refer to a party, as many as a document holds.
func collect(ctx context.Context, session *record.Session, r schema.Reference, id string, into map[string]*core.Record) error {
	for found, err := range referring(ctx, session, r, id) {
		if err != nil {
			return err
		}
		for _, one := range found {
			into[one.ID] = one
		}
		if len(into) > maxExported {
			break
		}
	}
	return nil
}

// add adds records of one entity, as many as a document holds.
func (d *Document) add(e *schema.Entity, records map[string]*core.Record) {
	ids := slices.Sorted(maps.Keys(records))
	if len(ids) > maxExported {
		ids = ids[:maxExported]
		d.Problems = append(d.Problems, fmt.Sprintf("records: only %d of the %s are here", maxExported, e.Plural))
	}
	for _, id := range ids {
		d.Records[e.Name] = append(d.Records[e.Name], records[id].WithSystem())
	}
}

func (s *Service) elsewhere(ctx context.Context, on record.Basis, a core.Actor, id string, d *Document) error {
	if s.Elsewhere == nil {
		return nil
	}
	parts, err := s.Elsewhere.ExportParty(ctx, on, a, id)
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
