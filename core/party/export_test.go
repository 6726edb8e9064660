package party_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

// elsewhere are plugins that answer what they are given.
type elsewhere []core.PluginPart

func (e elsewhere) ExportParty(context.Context, *schema.Model, core.Actor, string) ([]core.PluginPart, error) {
	return e, nil
}

func TestExportHandsOutAllThatIsKeptAboutAParty(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		w.Elsewhere = elsewhere{
			{Plugin: "loyalty", Data: json.RawMessage(`{"points":7}`)},
			{Plugin: "social", Problem: "it is down; export again when it serves"},
		}
		d := w.duplicates()
		doc, err := w.Export(t.Context(), w.model, admin, d.from)
		if err != nil {
			t.Fatal(err)
		}
		if doc.Party["email"] != "eva@example.com" || schema.Lookup(doc.Party, "customer.segment") != "A" {
			t.Errorf("party = %v, want the e-mail address and the segment", doc.Party)
		}
		if len(doc.History) != 2 || doc.History[1].Action != core.Created {
			t.Errorf("history = %v, want two changes, the creation last", doc.History)
		}
		ids := map[string][]string{}
		for entity, records := range doc.Records {
			for _, r := range records {
				ids[entity] = append(ids[entity], r["id"].(string))
			}
		}
		want := map[string][]string{"tour": {d.tour}, "activity": {d.deleted, d.activity}, "relationship": {d.friend}, "party": {d.order}}
		if diff := cmp.Diff(want, ids); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
		text, err := json.Marshal(map[string]any{"plugins": doc.Plugins, "problems": doc.Problems})
		if err != nil {
			t.Fatal(err)
		}
		wantText := `{"plugins":[{"plugin":"loyalty","data":{"points":7}},{"plugin":"social"}],"problems":["plugins: social: it is down; export again when it serves"]}`
		if string(text) != wantText {
			t.Errorf("plugins = %s, want %s", text, wantText)
		}
	})
}

func TestExportHandsOutTheDuplicatesToo(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		if _, err := w.merge(admin, d.from, d.into, false); err != nil {
			t.Fatal(err)
		}
		doc, err := w.Export(t.Context(), w.model, admin, d.into)
		if err != nil {
			t.Fatal(err)
		}
		var names []any
		for _, r := range doc.Records["party"] {
			names = append(names, r["displayName"])
		}
		if diff := cmp.Diff([]any{"Otto", "Eva Meyer"}, names); diff != "" {
			t.Errorf("parties that refer to it or were merged into it (-want +got):\n%s", diff)
		}
	})
}

func TestOnlyAdministratorsExport(t *testing.T) {
	w := newWorld(t, openMemory(t))
	d := w.duplicates()
	_, err := w.Export(t.Context(), w.model, clerk, d.from)
	w.refused(err, core.Forbidden, "A party is exported by administrators: the role admin.")
	_, err = w.Export(t.Context(), w.model, admin, "nowhere")
	w.refused(err, core.NotFound, "There is no party with the id nowhere, or you may not see it.")
}
