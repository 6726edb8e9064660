package core_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

func TestASubscriptionWantsWhatItsTopicsName(t *testing.T) {
	change := core.Entry{Entity: "party", RecordID: "p1", Version: 7, Action: core.Updated, Roles: []string{"customer", "supplier"}}.Event()
	published := core.Event{Topic: "complaints.escalated"}
	tests := map[string]struct {
		topics []string
		event  core.Event
		want   bool
	}{
		"the topic itself":             {[]string{"party.created", "party.updated"}, change, true},
		"all of an entity":             {[]string{"party.*"}, change, true},
		"all of a role":                {[]string{"customer.*"}, change, true},
		"a role's topic":               {[]string{"supplier.updated"}, change, true},
		"another action":               {[]string{"party.created"}, change, false},
		"a role that it does not have": {[]string{"partner.*"}, change, false},
		"what begins alike":            {[]string{"part.*"}, change, false},
		"what a plugin publishes":      {[]string{"complaints.escalated"}, published, true},
		"all that a plugin publishes":  {[]string{"complaints.*"}, published, true},
		"another plugin's":             {[]string{"complaint.*"}, published, false},
		"no topics":                    {nil, change, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := (core.Subscription{Topics: tt.topics}).Wants(tt.event); got != tt.want {
				t.Errorf("%v wants %s: %v; want %v", tt.topics, tt.event.Topic, got, tt.want)
			}
		})
	}
}

func TestAChangeIsAnEventOfItsRecord(t *testing.T) {
	at := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	entry := core.Entry{Entity: "party", RecordID: "p1", Version: 7, Action: core.Deleted, At: at, Actor: core.Actor{ID: "u"}}
	want := core.Event{ID: "party/p1/7", Topic: "party.deleted", Key: "party/p1", Seq: 7, At: at, Actor: core.Actor{ID: "u"}, Entry: &entry}
	if diff := cmp.Diff(want, entry.Event()); diff != "" {
		t.Errorf("event: -want +got:\n%s", diff)
	}
}

func TestAnEntryNamesTheRolesOfBothSides(t *testing.T) {
	m, err := schema.Load(
		schema.Source{File: "party.yaml", Data: []byte("entity: party\nfields: {name: {type: text}}")},
		schema.Source{File: "customer.yaml", Data: []byte("role: customer\nof: party")},
		schema.Source{File: "club.yaml", Data: []byte("entity: club\nfields: {roles: {type: list, of: {type: text}}}")},
	)
	if err != nil {
		t.Fatal(err)
	}
	with := func(roles ...any) *core.Record { return &core.Record{Values: map[string]any{"roles": roles}} }
	tests := map[string]struct {
		of            string
		before, after *core.Record
		want          []string
	}{
		"none":                     {"party", with(), &core.Record{}, nil},
		"created":                  {"party", nil, with("supplier", "customer"), []string{"customer", "supplier"}},
		"granted":                  {"party", with("customer"), with("customer", "partner"), []string{"customer", "partner"}},
		"withdrawn":                {"party", with("customer"), with(), []string{"customer"}},
		"as a role":                {"customer", nil, with("customer"), []string{"customer"}},
		"where there are no roles": {"club", with("customer"), with("customer"), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := core.Change{Before: tt.before, After: tt.after}.Entry(m.Entity(tt.of)).Roles
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("roles: -want +got:\n%s", diff)
			}
		})
	}
}
