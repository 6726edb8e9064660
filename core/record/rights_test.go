package record_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

func names(records []*core.Record) []string {
	list := []string{}
	for _, r := range records {
		name, _ := r.Values["displayName"].(string)
		if code, ok := r.Values["code"].(string); ok {
			name = code
		}
		list = append(list, name)
	}
	return list
}

// Whoever may see German customers only sees no other through any door.
func TestNoDoorShowsWhatARoleHides(t *testing.T) {
	d := newDesk(t)
	berlin, paris := d.customer("Berlin", "DE"), d.customer("Paris", "FR")
	d.create("voucher", map[string]any{"code": "B", "owner": berlin.ID})
	d.create("voucher", map[string]any{"code": "P", "owner": paris.ID})
	session, customer := d.as(german), d.entity("customer")

	for name, filter := range map[string]map[string]any{
		"a list":             nil,
		"a filter":           {"country": map[string]any{"in": []any{"DE", "FR"}}},
		"a negation":         {"not": map[string]any{"country": map[string]any{"eq": "DE"}}, "or": []any{map[string]any{}}},
		"ids":                {"id": map[string]any{"in": []any{berlin.ID, paris.ID}}},
		"the party of a key": {"id": map[string]any{"eq": paris.ID}},
	} {
		for _, entity := range []string{"customer", "party"} {
			records, err := d.find(german, entity, filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range records {
				if r.ID == paris.ID {
					t.Errorf("%s of %s shows Paris", name, entity)
				}
			}
		}
	}
	counts, err := session.Count(t.Context(), customer, core.Query{}, 100)
	if err != nil || counts[""] != 1 {
		t.Errorf("count = %v, %v; want 1", counts, err)
	}
	if loaded, _ := session.Load(t.Context(), d.entity("party"), []string{berlin.ID, paris.ID}, nil); len(loaded) != 1 || loaded[berlin.ID] == nil {
		t.Errorf("a reference leads to %v, want Berlin only", loaded)
	}
	if entries, _ := session.History(t.Context(), customer, paris.ID, 10, 0); len(entries) != 0 {
		t.Errorf("the history of Paris has %d entries, want none", len(entries))
	}
	if vouchers, err := d.find(german, "voucher", nil); err != nil || !cmp.Equal([]string{"B"}, names(vouchers)) {
		t.Errorf("vouchers = %v, %v; want B by its owner's country", names(vouchers), err)
	}
	if vouchers, err := d.find(german, "voucher", map[string]any{"owner": map[string]any{"displayName": map[string]any{"eq": "Paris"}}}); err != nil || len(vouchers) != 0 {
		t.Errorf("a filter over a reference shows %v, %v; want none", names(vouchers), err)
	}
}

func TestNobodyWritesWhatARoleHides(t *testing.T) {
	d := newDesk(t)
	paris := d.customer("Paris", "FR")
	supplier := d.create("supplier", map[string]any{"kind": "organization", "displayName": "Lyon", "country": "FR", "externalId": "lyon"})
	berlin := d.customer("Berlin", "DE")
	customer := d.entity("customer")
	missing := func(id string) string {
		return "There is no customer with the id " + id + ", or you may not see it."
	}

	update := d.save(german, "customer", record.Draft{Action: core.Updated, ID: paris.ID, Set: map[string]any{"city": "x"}})[0]
	d.refused(update.Err, core.NotFound, missing(paris.ID))
	grant := d.save(german, "customer", record.Draft{Action: core.Updated, ID: supplier.ID, Grant: customer})[0]
	d.refused(grant.Err, core.NotFound, missing(supplier.ID))
	upsert := d.save(german, "customer", record.Draft{Action: core.Created, By: customer.Field("externalId"), Set: map[string]any{
		"externalId": "lyon", "kind": "organization", "displayName": "Stolen", "country": "DE",
	}})[0]
	d.refused(upsert.Err, core.Conflict, "The customer was not saved: another one has the same externalId.", "externalId is taken: another party has lyon already")
	away := d.save(german, "customer", record.Draft{Action: core.Updated, ID: berlin.ID, Set: map[string]any{"country": "FR"}})[0]
	d.refused(away.Err, core.Forbidden, "You may not make this change to the customer: your roles do not allow it for this record.")
	abroad := d.save(german, "customer", record.Draft{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "X", "country": "FR"}})[0]
	d.refused(abroad.Err, core.Forbidden, "You may not make this change to the customer: your roles do not allow it for this record.")
}

func TestFieldsThatARoleHidesAreNeitherShownNorAskedForNorWritten(t *testing.T) {
	d := newDesk(t)
	r := d.create("customer", map[string]any{"kind": "person", "displayName": "A", "country": "DE", "note": "secret", "customer.creditLimit": map[string]any{"amount": "5", "currency": "EUR"}})
	seen, err := d.find(german, "customer", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, has := seen[0].Values["note"]; has || schema.Lookup(seen[0].Values, "customer.creditLimit") == nil {
		t.Errorf("values = %v, want the credit limit and no note", seen[0].Values)
	}
	limit := d.save(german, "customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"customer.creditLimit": nil}})[0]
	if core.CodeOf(limit.Err) != core.Forbidden {
		t.Errorf("error = %v, want FORBIDDEN", limit.Err)
	}
	entries, err := d.as(german).History(t.Context(), d.entity("customer"), r.ID, 10, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, diff := range entries[0].Diffs {
		if diff.Path == "note" {
			t.Errorf("the history shows the note: %v", diff)
		}
	}
	note := schema.Filter{Path: "note", Op: schema.OpStartsWith, Value: "s", Field: d.entity("party").Field("note")}
	_, err = d.as(german).Find(t.Context(), d.entity("customer"), core.Query{Filter: note, First: 1})
	d.refused(err, core.Forbidden, "You may not filter, sort or search customers by note, because you may not see it in all of them.")
}

func TestWhoHasNoRuleMayNothing(t *testing.T) {
	d := newDesk(t)
	if _, err := d.find(nobody, "customer", nil); core.CodeOf(err) != core.Forbidden {
		t.Errorf("find: %v, want FORBIDDEN", err)
	}
	result := d.save(nobody, "customer", record.Draft{Action: core.Created, Set: map[string]any{"kind": "person", "displayName": "A"}})[0]
	if core.CodeOf(result.Err) != core.Forbidden {
		t.Errorf("save: %v, want FORBIDDEN", result.Err)
	}
}

// A role's words are found only by those who may see the role.
func TestASearchLooksOnlyIntoRolesThatMayBeSeen(t *testing.T) {
	d := newDesk(t)
	r := d.customer("Berlin", "DE")
	d.must("supplier", record.Draft{Action: core.Updated, ID: r.ID, Grant: d.entity("supplier"), Set: map[string]any{"supplier.number": "SECRET"}})
	for _, tt := range []struct {
		actor        core.Actor
		entity, text string
		want         int
	}{
		{admin, "party", "secret", 1}, {admin, "supplier", "secret", 1}, {admin, "customer", "secret", 0}, {admin, "customer", "berl 00001", 1},
		{german, "party", "secret", 0}, {german, "customer", "secret", 0}, {german, "customer", "berl 00001", 1}, {german, "party", "00001", 1},
	} {
		e := d.entity(tt.entity)
		records, err := d.as(tt.actor).Find(t.Context(), e, core.Query{Search: e.SearchTerms(tt.text), First: -1})
		if err != nil || len(records) != tt.want {
			t.Errorf("%s searches %s for %q: %d records, %v; want %d", tt.actor.ID, tt.entity, tt.text, len(records), err, tt.want)
		}
	}
	e := d.entity("customer")
	_, err := d.as(scout).Find(t.Context(), e, core.Query{Search: e.SearchTerms("berlin"), First: -1})
	d.refused(err, core.Forbidden, "You may not filter, sort or search customers by email, because you may not see it in all of them.")
}

func TestTheHistoryShowsWhatARuleByAHiddenFieldLetsSee(t *testing.T) {
	d := newDesk(t)
	r := d.create("supplier", map[string]any{"kind": "organization", "displayName": "A", "country": "FR", "note": "open"})
	entries, err := d.as(buyer).History(t.Context(), d.entity("supplier"), r.ID, 10, 0)
	if err != nil || len(entries) != 1 {
		t.Fatalf("history = %v, %v; want one entry", entries, err)
	}
	var paths []string
	for _, diff := range entries[0].Diffs {
		paths = append(paths, diff.Path)
	}
	if diff := cmp.Diff([]string{"displayName", "supplier.since"}, paths); diff != "" {
		t.Errorf("the history shows (-want +got):\n%s", diff)
	}
}

// A record that may not be seen does not exist, whatever is asked of it.
func TestNoErrorTellsAHiddenRecordFromNone(t *testing.T) {
	d := newDesk(t)
	paris := d.customer("Paris", "FR")
	d.must("supplier", record.Draft{Action: core.Updated, ID: paris.ID, Grant: d.entity("supplier")})
	for name, draft := range map[string]record.Draft{
		"a version":        {Action: core.Updated, IfVersion: 77, Set: map[string]any{"city": "x"}},
		"a restoration":    {Action: core.Restored},
		"a deletion":       {Action: core.Deleted},
		"a kept field":     {Action: core.Updated, Set: map[string]any{"customer.since": "x"}},
		"a wrong value":    {Action: core.Updated, Set: map[string]any{"kind": "x"}},
		"an equal value":   {Action: core.Updated, Set: map[string]any{"displayName": "Paris"}},
		"a grant":          {Action: core.Updated, Grant: d.entity("customer")},
		"a role withdrawn": {Action: core.Updated, Withdraw: d.entity("customer")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, id := range []string{paris.ID, "id-404404"} {
				draft.ID = id
				d.refused(d.save(german, "customer", draft)[0].Err, core.NotFound, "There is no customer with the id "+id+", or you may not see it.")
			}
		})
	}
}

func TestWhoGrantsARoleMustBeAllowedToWriteTheRecordAsItIs(t *testing.T) {
	d := newDesk(t)
	spain := d.customer("Madrid", "ES")
	result := d.save(granter, "supplier", record.Draft{Action: core.Updated, ID: spain.ID, Grant: d.entity("supplier"), Set: map[string]any{"country": "DE", "displayName": "Taken"}})[0]
	d.refused(result.Err, core.Forbidden, "You may not grant the role supplier to this party: your roles do not allow it for this record.")
	berlin := d.customer("Berlin", "DE")
	if result := d.save(granter, "supplier", record.Draft{Action: core.Updated, ID: berlin.ID, Grant: d.entity("supplier")})[0]; result.Err != nil {
		t.Errorf("a German party could not become a supplier: %v", result.Err)
	}
}

// The outcome of a write must not tell a value that the actor may not see.
func TestAHiddenFieldIsNotGuessedByWriting(t *testing.T) {
	d := newDesk(t)
	r := d.create("customer", map[string]any{"kind": "person", "displayName": "A", "country": "DE", "note": "secret"})
	for _, guess := range []any{"secret", "wrong", nil} {
		result := d.save(german, "customer", record.Draft{Action: core.Updated, ID: r.ID, Set: map[string]any{"note": guess}})[0]
		if core.CodeOf(result.Err) != core.Forbidden {
			t.Errorf("setting the note to %v: %s, %v; want FORBIDDEN", guess, result.Done, result.Err)
		}
	}
	upsert := d.save(buyer, "supplier", record.Draft{Action: core.Created, By: d.entity("supplier").Field("externalId"), Set: map[string]any{"externalId": "x"}})[0]
	d.refused(upsert.Err, core.Forbidden, "You may not find suppliers by externalId, because you may not see it in all of them.")
	roles := schema.Filter{Path: schema.RolesField, Op: schema.OpIsNull, Value: false, Field: d.entity("party").Field(schema.RolesField)}
	_, err := d.as(buyer).Find(t.Context(), d.entity("supplier"), core.Query{Filter: roles, First: 1})
	d.refused(err, core.Forbidden, "You may not filter, sort or search suppliers by roles, because you may not see it in all of them.")
}

// A rule on a role's own field is held against the field as the grant sets it.
func TestAGrantMayBeAllowedByWhatItSets(t *testing.T) {
	d := newDesk(t)
	party := d.customer("Tea House", "GB")
	grant := func(category string) error {
		return d.save(teaBuyer, "supplier", record.Draft{Action: core.Updated, ID: party.ID, Grant: d.entity("supplier"), Set: map[string]any{"supplier.category": category}})[0].Err
	}
	d.refused(grant("Coffee"), core.Forbidden, "You may not grant the role supplier to this party: your roles do not allow it for this record.")
	if err := grant("Tea"); err != nil {
		t.Errorf("granting a supplier of tea: %v", err)
	}
}

// Whether a guard holds tells what the record has in the fields that it names.
func TestAGuardAsksOnlyForWhatTheActorSees(t *testing.T) {
	d := newDesk(t)
	berlin := d.customer("Berlin", "DE")
	guard, err := d.model.ParseGuard(d.entity("customer"), map[string]any{
		"or": []any{map[string]any{"note": map[string]any{"eq": "in debt"}}, map[string]any{"country": map[string]any{"eq": "DE"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	draft := record.Draft{Action: core.Updated, ID: berlin.ID, Guard: &guard, Set: map[string]any{"city": "Berlin"}}
	d.refused(d.save(german, "customer", draft)[0].Err, core.Forbidden,
		"The customer was not changed: its guard asks for what you may not see.", "note may not be part of the guard, because you may not see it")
	if err := d.save(admin, "customer", draft)[0].Err; err != nil {
		t.Errorf("for an administrator: %v", err)
	}
}

func TestWhatIsToldOfAChangeEndsWhereTheRightToReadDoes(t *testing.T) {
	d := newDesk(t)
	berlin, paris := d.customer("Berlin", "DE"), d.customer("Paris", "FR")
	entry := func(r *core.Record) core.Entry {
		return core.Entry{Entity: "party", RecordID: r.ID, Diffs: []core.Diff{{Path: "displayName", To: "X"}, {Path: "customer.creditLimit.amount", To: "1"}, {Path: "note", To: "shy"}}}
	}
	d.must("customer", record.Draft{Action: core.Deleted, ID: berlin.ID})
	told := func(a core.Actor) map[string][]string {
		entries, err := d.as(a).Told(t.Context(), d.entity("party"), []core.Entry{entry(berlin), entry(paris)})
		if err != nil {
			t.Fatal(err)
		}
		paths := map[string][]string{}
		for _, e := range entries {
			for _, diff := range e.Diffs {
				paths[e.RecordID] = append(paths[e.RecordID], diff.Path)
			}
		}
		return paths
	}
	all := []string{"displayName", "customer.creditLimit.amount", "note"}
	for name, tt := range map[string]struct {
		actor core.Actor
		want  map[string][]string
	}{
		"who may read all":              {admin, map[string][]string{berlin.ID: all, paris.ID: all}},
		"who may read some, not fully":  {german, map[string][]string{berlin.ID: all[:2]}},
		"who may read none of the kind": {nobody, map[string][]string{}},
	} {
		if diff := cmp.Diff(tt.want, told(tt.actor)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheRightToWriteAFieldEndsWithTheRecordsOfItsRule(t *testing.T) {
	d := newDesk(t)
	berlin, paris := d.customer("Berlin", "DE"), d.customer("Paris", "FR")
	ofBerlin := d.create("voucher", map[string]any{"code": "B", "owner": berlin.ID})
	ofParis := d.create("voucher", map[string]any{"code": "P", "owner": paris.ID})
	may := func(a core.Actor, entity, field string, r *core.Record) error {
		return d.as(a).MayWrite(t.Context(), d.entity(entity), core.Updated, []string{field}, r)
	}
	for name, err := range map[string]error{
		"a record of the rule":          may(german, "customer", "displayName", berlin),
		"one that a reference leads to": may(keeper, "voucher", "worth", ofBerlin),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.refused(may(german, "customer", "displayName", paris), core.Forbidden, "You may not make this change to the customer: your roles do not allow it for this record.")
	d.refused(may(keeper, "voucher", "worth", ofParis), core.Forbidden, "You may not make this change to the voucher: your roles do not allow it for this record.")
	d.refused(may(german, "customer", "note", berlin), core.Forbidden, "Your roles do not let you write all of these fields of customers.", "note may not be written by you")
}
