package party_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// elsewhere are plugins that answer what they are given.
type elsewhere []core.PluginPart

func (e elsewhere) ExportParty(context.Context, record.Basis, core.Actor, string) ([]core.PluginPart, error) {
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
		doc, err := w.Export(t.Context(), w.on, admin, d.from)
		if err != nil {
			t.Fatal(err)
		}
		if doc.Party["email"] != "eva@example.com" || schema.Lookup(doc.Party, "customer.segment") != "A" {
			t.Errorf("party = %v, want the e-mail address and the segment", doc.Party)
		}
		if len(doc.History) != 2 || doc.History[1].Action != core.Created {
			t.Errorf("history = %v, want two changes, the creation last", doc.History)
		}
		want := map[string][]string{"tour": {d.tour}, "activity": {d.deleted, d.activity}, "relationship": {d.friend}, "party": {d.order}}
		if diff := cmp.Diff(want, idsIn(doc)); diff != "" {
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

func TestExportHandsOutWhatIsUnderTheDuplicatesToo(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		last := w.create("party", map[string]any{"kind": "person", "displayName": "Eva Maier"}).ID
		for _, pair := range [][2]string{{d.from, d.into}, {d.into, last}} {
			if _, err := w.merge(admin, pair[0], pair[1], false); err != nil {
				t.Fatal(err)
			}
		}
		w.stray("tour", d.tour, "driver", d.from)
		w.stray("activity", d.activity, "contact", d.from)
		doc, err := w.Export(t.Context(), w.on, admin, last)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]string{"tour": {d.tour}, "activity": {d.deleted, d.activity}, "relationship": {d.friend}, "party": {d.from, d.into, d.order}}
		if diff := cmp.Diff(want, idsIn(doc)); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
}

func TestExportEndsWhereTwoWereMergedIntoEachOther(t *testing.T) {
	w := newWorld(t, openMemory(t))
	d := w.duplicates()
	if _, err := w.merge(admin, d.from, d.into, false); err != nil {
		t.Fatal(err)
	}
	w.stray("party", d.into, "mergedInto", d.from)
	doc, err := w.Export(t.Context(), w.on, admin, d.into)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{d.from, d.order}, idsIn(doc)["party"]); diff != "" {
		t.Errorf("parties (-want +got):\n%s", diff)
	}
}

func TestExportHandsOutMoreRecordsThanFitOnAPage(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		w.tours(450, map[string]any{"name": "Lake", "driver": d.from, "guests": []any{d.from}})
		doc, err := w.Export(t.Context(), w.on, admin, d.from)
		if err != nil || len(doc.Records["tour"]) != 451 || len(doc.Problems) > 0 {
			t.Errorf("%d tours, problems %v, error %v; want 451", len(doc.Records["tour"]), doc.Problems, err)
		}
	})
}

// idsIn lists the records of a document, by entity.
func idsIn(doc *party.Document) map[string][]string {
	ids := map[string][]string{}
	for entity, records := range doc.Records {
		for _, r := range records {
			ids[entity] = append(ids[entity], r["id"].(string))
		}
	}
	return ids
}

func TestOnlyAdministratorsExport(t *testing.T) {
	w := newWorld(t, openMemory(t))
	d := w.duplicates()
	_, err := w.Export(t.Context(), w.on, clerk, d.from)
	w.refused(err, core.Forbidden, "A party is exported by administrators: the role admin.")
	_, err = w.Export(t.Context(), w.on, admin, "nowhere")
	w.refused(err, core.NotFound, "There is no party with the id nowhere, or you may not see it.")
}
