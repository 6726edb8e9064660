package plugintest_test

import (
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

var claims = fstest.MapFS{"claim.yaml": {Data: []byte(`entity: claim
fields:
  number: {type: autonumber, format: "CL-{YYYY}-{000}", unique: true}
  customer: {type: reference, to: customer}
  code: {type: text, unique: true}
  source: {type: text, immutable: true}
  state: {type: state, options: {open: {next: [paid, refused]}, paid: {}, refused: {}}, default: open}
  cause: {type: enum, options: {water: {}, hail: {deprecated: true}}}
`)}}

func startClaims(t *testing.T) *plugintest.Host {
	return plugintest.Start(t, sdk.Plugin{Name: "claims", Version: "1", Entities: claims, PartyData: sdk.OnlyRecords()})
}

func TestARecordKnowsWhoWroteItAndWhen(t *testing.T) {
	h := startClaims(t)
	h.As(sdk.User{ID: "anna"})
	claim, err := h.Save(&sdk.Record{Entity: "claim"})
	if err != nil {
		t.Fatal(err)
	}
	h.Advance(time.Minute)
	h.As(sdk.User{ID: "ben"})
	claim.Values["code"] = "A"
	if claim, err = h.Save(claim); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := &sdk.Record{
		Entity: "claim", ID: "claim-001", Version: 2, Values: map[string]any{"number": "CL-2026-001", "code": "A", "state": "open"},
		CreatedAt: start, CreatedBy: "anna", UpdatedAt: start.Add(time.Minute), UpdatedBy: "ben",
	}
	if diff := cmp.Diff(want, claim, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".received" }, cmp.Ignore())); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
}

func TestWhatTheServerRefusesIsRefused(t *testing.T) {
	tests := map[string]struct {
		values  map[string]any
		version int64
		want    string
	}{
		"a value that another one has": {map[string]any{"code": "A"}, 0, "CONFLICT The claim was not saved: another one has the same code.; code is taken: another claim has A already"},
		"what never changes":           {map[string]any{"source": "phone"}, 0, "INVALID The claim was not saved: some fields need attention.; source cannot be changed once it is set"},
		"what the program keeps":       {map[string]any{"createdBy": "me"}, 0, "INVALID The claim was not saved: some fields need attention.; createdBy is kept by the program and cannot be set"},
		"a state out of turn":          {map[string]any{"state": "refused"}, 0, "INVALID The claim was not saved: some fields need attention.; state cannot go from paid to refused: paid is final"},
		"a deprecated option":          {map[string]any{"cause": "hail"}, 0, "INVALID The claim was not saved: some fields need attention.; cause hail is deprecated: choose one of water"},
		"no field":                     {map[string]any{"cod": "B"}, 0, `INVALID The claim was not saved: some fields need attention.; cod is no field; did you mean "code"?`},
		"an old version":               {map[string]any{"code": "C"}, 7, "CONFLICT The claim was changed by somebody else in the meantime. Reload it and try again.; version is out of date"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := startClaims(t)
			h.Add("claim", map[string]any{"code": "A"})
			claim := h.Add("claim", map[string]any{"source": "mail", "state": "paid"})
			_, err := h.Save(&sdk.Record{Entity: "claim", ID: claim.ID, Version: tt.version, Values: tt.values})
			var refused *sdk.Error
			if !errors.As(err, &refused) || refused.Code+" "+refused.Error() != tt.want {
				t.Errorf("Save = %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestAValueOfADeletedRecordIsFree(t *testing.T) {
	h := startClaims(t)
	if err := h.Delete("claim", h.Add("claim", map[string]any{"code": "A"}).ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Save(&sdk.Record{Entity: "claim", Values: map[string]any{"code": "A"}}); err != nil {
		t.Error(err)
	}
}

func TestAFilterReachesOverReferences(t *testing.T) {
	h := startClaims(t)
	anna := h.Add("customer", map[string]any{"kind": "person", "displayName": "Anna Arndt"})
	ben := h.Add("customer", map[string]any{"kind": "person", "displayName": "Ben Becker"})
	h.Add("claim", map[string]any{"customer": anna.ID, "code": "A"})
	h.Add("claim", map[string]any{"customer": ben.ID, "code": "B"})
	found := h.Find("claim", sdk.Filter{"customer": sdk.Filter{"displayName": sdk.Filter{"eq": "Ben Becker"}}})
	if len(found) != 1 || found[0].Text("code") != "B" {
		t.Errorf("claims of Ben: %v, want B", found)
	}
}

func TestARoleIsDeletedWithItsPartyOnlyWhenItIsTheOnlyOne(t *testing.T) {
	h := plugintest.Start(t, sdk.Plugin{Name: "claims", Version: "1"})
	both := h.Add("party", map[string]any{"kind": "organization", "displayName": "Futterhaus", "roles": []string{"customer", "supplier"}})
	err := h.Delete("customer", both.ID)
	const want = "The customer also holds other roles. Withdraw the role customer instead, or delete the party."
	if err == nil || err.Error() != want {
		t.Errorf("Delete = %v, want %s", err, want)
	}
	if err := h.Delete("party", both.ID); err != nil {
		t.Error(err)
	}
}
