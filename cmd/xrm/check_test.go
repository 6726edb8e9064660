package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

func TestCheckFindsReferencesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	p := spawn(t, data, nil).ready()
	var made struct {
		CreateParty    struct{ Party struct{ ID string } }
		CreateActivity struct{ Activity struct{ ID string } }
	}
	if err := p.ask(`mutation { createParty(data: {kind: person, displayName: "Ada"}) { party { id } } }`, nil, &made); err != nil {
		t.Fatal(err)
	}
	if err := p.ask(`mutation ($party: ID!) { createActivity(data: {subject: "Call", kind: call, at: "2026-02-01T10:00:00Z", party: $party}) { activity { id } } }`,
		map[string]any{"party": made.CreateParty.Party.ID}, &made); err != nil {
		t.Fatal(err)
	}
	if status, out, complaints := command(t, p.environ(), "check"); status != 0 || out != "2 records checked: every reference leads somewhere\n" || complaints != "" {
		t.Errorf("status %d: %s%s", status, out, complaints)
	}
	activity := made.CreateActivity.Activity.ID
	p.stop()
	misdirect(t, filepath.Join(data, "xrm.db"), activity)
	p = spawn(t, data, nil).ready()
	status, out, complaints := command(t, p.environ(), "check")
	if status != 1 || out != "activity "+activity+": party is the party nobody, which does not exist\n" ||
		complaints != "1 reference leads nowhere: mend them, or merge the parties in question again\n" {
		t.Errorf("status %d: %s%s", status, out, complaints)
	}
	status, out, _ = command(t, p.environ(), "check", "--json")
	var got checked
	want := dangling{Entity: "activity", ID: activity, Path: "party", To: "party", Target: "nobody"}
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != 1 || got.Checked != 2 || len(got.Dangling) != 1 || got.Dangling[0] != want {
		t.Errorf("status %d, %v: %s", status, err, out)
	}
}

// misdirect lets an activity refer to a party that is not there, in the file of a
// server that is stopped.
func misdirect(t *testing.T, file, activity string) {
	t.Helper()
	s, err := sqlite.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := schema.Load(entities.Sources()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	e := m.Entity("activity")
	found, err := s.Find(t.Context(), e, core.Query{First: 1})
	if err != nil || len(found) != 1 || found[0].ID != activity {
		t.Fatalf("the activities are %v, %v", found, err)
	}
	after := found[0].Clone()
	after.Version++
	after.Values["party"] = "nobody"
	if errs := s.Commit(t.Context(), e, []core.Change{{Action: core.Updated, At: after.UpdatedAt, Before: found[0], After: after}}); errs[0] != nil {
		t.Fatal(errs[0])
	}
}
