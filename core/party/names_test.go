package party_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// A club has fields of its own with the names that mean something elsewhere: in a
// party, in what a party keeps for a role, in every record, and in a store.
const club = `
entity: club
filterable: all
fields:
  name: {type: text, required: true}
  home: {type: reference, to: party}
  roles: {type: list, of: {type: text}}
  mergedInto: {type: text}
  since: {type: text}
  until: {type: text}
  kind: {type: text}
  number: {type: autonumber, format: "N-{000}"}
  words: {type: text, search: true}
  live: {type: boolean}
  journal: {type: text}
  doc: {type: text}
  seq: {type: integer}
  customer: {type: object, fields: {since: {type: text}, until: {type: text}, roles: {type: list, of: {type: text}}}}
  inner:
    type: object
    fields: {id: {type: text}, version: {type: integer}, createdAt: {type: text}, deletedAt: {type: text}, roles: {type: text}, mergedInto: {type: text}, words: {type: text}}
  lines:
    type: list
    of:
      type: object
      fields: {id: {type: text}, version: {type: integer}, createdBy: {type: text}, deletedAt: {type: text}, roles: {type: list, of: {type: text}}, mergedInto: {type: text}}
`

// clubValues has a value for each of the names.
func clubValues() map[string]any {
	return map[string]any{
		"name": "Tea", "roles": []any{"customer", "guide"}, "mergedInto": "id-000001", "since": "ever", "until": "further notice", "kind": "person",
		"words": "leaves", "live": false, "journal": "daily", "doc": "deed", "seq": int64(7),
		"customer": map[string]any{"since": "May", "until": "June", "roles": []any{"customer"}},
		"inner":    map[string]any{"id": "i", "version": int64(3), "createdAt": "noon", "deletedAt": "dusk", "roles": "many", "mergedInto": "one", "words": "few"},
		"lines": []any{map[string]any{
			"id": "l", "version": int64(9), "createdBy": "hand", "deletedAt": "dawn", "roles": []any{"customer"}, "mergedInto": "another",
		}},
	}
}

// leaf is a filter that only a club with its values fits, for each name.
var leaves = map[string]map[string]any{
	"roles":      {"some": map[string]any{"eq": "guide"}},
	"mergedInto": {"eq": "id-000001"},
	"since":      {"eq": "ever"},
	"until":      {"isNull": false},
	"kind":       {"eq": "person"},
	"words":      {"eq": "leaves"},
	"live":       {"eq": false},
	"journal":    {"eq": "daily"},
	"doc":        {"eq": "deed"},
	"seq":        {"eq": int64(7)},
	"customer":   {"since": map[string]any{"eq": "May"}, "until": map[string]any{"eq": "June"}, "roles": map[string]any{"some": map[string]any{"eq": "customer"}}},
	"inner": {
		"id": map[string]any{"eq": "i"}, "version": map[string]any{"eq": int64(3)}, "createdAt": map[string]any{"eq": "noon"}, "deletedAt": map[string]any{"eq": "dusk"},
		"roles": map[string]any{"eq": "many"}, "mergedInto": map[string]any{"eq": "one"}, "words": map[string]any{"eq": "few"},
	},
	"lines": {"some": map[string]any{
		"id": map[string]any{"eq": "l"}, "version": map[string]any{"eq": int64(9)}, "createdBy": map[string]any{"eq": "hand"}, "deletedAt": map[string]any{"eq": "dawn"},
		"roles": map[string]any{"some": map[string]any{"eq": "customer"}}, "mergedInto": map[string]any{"eq": "another"},
	}},
}

func (w *world) clubs(a core.Actor, filter map[string]any) ([]*core.Record, error) {
	w.Helper()
	parsed, err := w.model.ParseFilter(w.entity("club"), filter, false)
	if err != nil {
		w.Fatal(err)
	}
	return w.Records.As(a, w.on).Find(w.Context(), w.entity("club"), core.Query{Filter: parsed, First: -1})
}

func TestAFieldWhoseNameMeansSomethingElsewhereIsAFieldLikeAnyOther(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		one := w.create("club", clubValues())
		w.create("club", map[string]any{"name": "Coffee", "lines": []any{map[string]any{"id": "other"}}})

		want := clubValues()
		want["number"] = "N-001"
		if diff := cmp.Diff(want, w.get("club", one.ID).Values); diff != "" {
			t.Errorf("what is stored (-want +got):\n%s", diff)
		}
		for name, filter := range leaves {
			found, err := w.clubs(admin, map[string]any{name: filter})
			if err != nil || len(found) != 1 || found[0].ID != one.ID {
				t.Errorf("a filter by %s finds %d, %v; want the one", name, len(found), err)
			}
		}
		w.save("club", record.Draft{Action: core.Deleted, ID: one.ID})
		w.save("club", record.Draft{Action: core.Restored, ID: one.ID})
		if diff := cmp.Diff(want, w.get("club", one.ID).Values); diff != "" {
			t.Errorf("after it was deleted and restored (-want +got):\n%s", diff)
		}
		set := map[string]any{"roles": []any{"partner"}, "mergedInto": "x", "customer.since": "July", "inner.version": int64(4)}
		changed := w.save("club", record.Draft{Action: core.Updated, ID: one.ID, Set: set})
		for path, value := range set {
			if diff := cmp.Diff(value, changed.At(path)); diff != "" {
				t.Errorf("%s was not changed (-want +got):\n%s", path, diff)
			}
		}
	})
}

func TestAFieldWhoseNameMeansSomethingElsewhereIsWrittenAndSeenByRight(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		one := w.create("club", clubValues())
		user := w.user("club: {read: true, create: true, update: true, fields: {name: write}}")
		seen, err := w.clubs(user, nil)
		if err != nil || len(seen) != 1 {
			t.Fatal(seen, err)
		}
		if diff := cmp.Diff(map[string]any{"name": "Tea"}, seen[0].Values); diff != "" {
			t.Errorf("what is seen (-want +got):\n%s", diff)
		}
		session := w.Records.As(user, w.on)
		for name, value := range clubValues() {
			if name == "name" {
				continue
			}
			for what, draft := range map[string]record.Draft{
				"updated": {Action: core.Updated, ID: one.ID, Set: map[string]any{name: value}},
				"cleared": {Action: core.Updated, ID: one.ID, Set: map[string]any{name: nil}},
				"created": {Action: core.Created, Set: map[string]any{"name": "X", name: value}},
			} {
				err := session.Save(t.Context(), w.entity("club"), []record.Draft{draft}, true)[0].Err
				if core.CodeOf(err) != core.Forbidden || !strings.Contains(err.Error(), name+" may not be written by you") {
					t.Errorf("%s %s: %v; want it forbidden", name, what, err)
				}
			}
			if _, err := w.clubs(user, map[string]any{name: leaves[name]}); core.CodeOf(err) != core.Forbidden {
				t.Errorf("a filter by %s: %v; want it forbidden", name, err)
			}
		}
		history, err := session.History(t.Context(), w.entity("club"), one.ID, 10, 0)
		if err != nil || len(history) != 1 {
			t.Fatal(history, err)
		}
		if diff := cmp.Diff([]core.Diff{{Path: "name", To: "Tea"}}, history[0].Diffs); diff != "" {
			t.Errorf("the history (-want +got):\n%s", diff)
		}
	})
}

// Who is told of customers is told of parties, and not of what says that it is one.
func TestAnEventIsOfARoleOnlyWhereTheModelHasRoles(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		one := w.create("club", clubValues())
		customer := w.cafe("customer", "DE", nil)
		for id, want := range map[string][]string{one.ID: nil, customer: {"customer"}} {
			entity := "club"
			if want != nil {
				entity = "party"
			}
			entries, err := w.store.History(t.Context(), w.entity(entity), id, 1, 0)
			if err != nil || len(entries) != 1 {
				t.Fatal(entries, err)
			}
			if !slices.Equal(want, entries[0].Roles) {
				t.Errorf("the entry of the %s is of the roles %v, want %v", entity, entries[0].Roles, want)
			}
			wants := core.Subscription{Topics: []string{"customer.*"}}.Wants(entries[0].Event())
			if wants != (want != nil) {
				t.Errorf("customer.* wants the event of the %s: %v", entity, wants)
			}
		}
	})
}

func TestAMergeLeavesFieldsAloneWhoseNamesMeanSomethingInAParty(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		from, into := w.cafe("customer", "DE", nil), w.cafe("supplier", "DE", nil)
		values := clubValues()
		values["home"], values["mergedInto"] = from, from
		living := w.create("club", values).ID
		deleted := w.create("club", values).ID
		w.save("club", record.Draft{Action: core.Deleted, ID: deleted})
		if _, err := w.merge(admin, from, into, false); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{living, deleted} {
			want := maps.Clone(values)
			want["home"] = into
			got := maps.Clone(w.get("club", id).Values)
			delete(got, "number")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("after the merge (-want +got):\n%s", diff)
			}
		}
	})
}

// A value is a reference by its type, and not because it reads like an id.
func TestAMergeTakesOverATextThatReadsLikeAnId(t *testing.T) {
	w := newWorld(t, openMemory(t))
	from, into := w.cafe("party", "DE", nil), w.cafe("party", "DE", nil)
	w.save("party", record.Draft{Action: core.Updated, ID: from, Set: map[string]any{"externalId": from}})
	merged, err := w.merge(admin, from, into, false)
	if err != nil || !slices.Equal([]string{"externalId"}, merged.Taken) || w.get("party", into).Values["externalId"] != from {
		t.Errorf("%v, taken %v, externalId %v; want it taken", err, merged.Taken, w.get("party", into).Values["externalId"])
	}
}

// What the program keeps in a party cannot be set, by no path that a plugin may send.
func TestWhatAPartyKeepsForItsRolesCannotBeSet(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		id := w.cafe("customer", "DE", nil)
		for _, path := range []string{"roles", "roles.x", "mergedInto", "mergedInto.x", "customer", "customer.since", "customer.until", "customer.since.x", "customer.creditLimit.amount", "phone.e164", "id", "id.x", "version", "deletedAt"} {
			for _, value := range []any{"x", nil, []any{"supplier"}, map[string]any{"since": "2020-01-01T00:00:00.000Z"}} {
				draft := record.Draft{Action: core.Updated, ID: id, Set: map[string]any{path: value}}
				err := w.Records.As(admin, w.on).Save(t.Context(), w.entity("party"), []record.Draft{draft}, false)[0].Err
				w.refused(err, core.Invalid, "The party was not saved: some fields need attention.", path+" is kept by the program and cannot be set")
			}
		}
	})
}
