package party_test

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// user is somebody with a role for each of these rules.
func (w *world) user(rules ...string) core.Actor {
	w.Helper()
	a := core.Actor{ID: "user-1", Name: "Uwe"}
	var sources []schema.Source
	for i, rule := range rules {
		role := fmt.Sprint("role", i)
		a.Roles = append(a.Roles, role)
		sources = append(sources, schema.Source{Layer: "site", File: role + ".yaml", Data: []byte("role: " + role + "\n" + rule)})
	}
	policy, err := access.LoadRoles(w.model, sources)
	if err != nil {
		w.Fatal(err)
	}
	w.on.Policy = policy
	return a
}

// in is the same world in a subtest.
func (w *world) in(t *testing.T) *world {
	inner := *w
	inner.T = t
	return &inner
}

// cafe makes a party of the country, or one with a role. A guide has no languages.
func (w *world) cafe(entity, country string, values map[string]any) string {
	w.Helper()
	all := map[string]any{"kind": "organization", "displayName": "Cafe Morgenrot", "country": country}
	maps.Copy(all, values)
	id := w.create(entity, all).ID
	if entity == "guide" {
		w.save(entity, record.Draft{Action: core.Updated, ID: id, Set: map[string]any{"guide.languages": nil}})
	}
	return id
}

const germans = `party: {read: {country: {eq: DE}}, update: {country: {eq: DE}}}`

func TestAMergeTellsNothingOfWhatTheUserDoesNotSeeInTheDuplicate(t *testing.T) {
	const hidden = "The parties were not merged: the other one would get what you may not see in the duplicate. Ask somebody who sees all of it to merge them."
	one, two := map[string]any{"tags": []any{"vip"}}, map[string]any{"tags": []any{"vip", "tea"}}
	cases := map[string]struct {
		entity     string
		from, into map[string]any
		want       string
	}{
		"a value that the other lacks":      {"party", map[string]any{"note": "Pays late."}, nil, hidden},
		"a list that the other lacks":       {"party", one, nil, hidden},
		"a list of which the other has all": {"party", one, two, hidden},
		"a role with its number":            {"customer", nil, nil, hidden},
		"a role without data":               {"guide", nil, nil, hidden},
		"a value where the other has one":   {"party", map[string]any{"note": "Pays late."}, map[string]any{"note": "Pays."}, ""},
		"nothing where the other has all":   {"party", nil, two, ""},
	}
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		for name, tt := range cases {
			t.Run(name, func(t *testing.T) {
				w := w.in(t)
				user := w.user(germans, `party: {read: true, delete: true, fields: {displayName: read, kind: read}}`)
				from, into := w.cafe(tt.entity, "AT", tt.from), w.cafe("party", "DE", tt.into)
				for _, dryRun := range []bool{true, false} {
					_, err := w.merge(user, from, into, dryRun)
					if tt.want != "" {
						w.refused(err, core.Forbidden, tt.want)
					} else if err != nil {
						t.Errorf("dry run %v: %v, want it merged", dryRun, err)
					}
				}
				if tt.want != "" && w.get("party", from).Deleted() {
					t.Error("the duplicate is deleted, want both alive")
				}
			})
		}
	})
}

// Who sees the list of roles sees in it those whose data he sees, and grants no other
// by a merge.
func TestAMergeTellsNothingOfARoleThatTheUserDoesNotSee(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		from, into := w.cafe("guide", "AT", nil), w.cafe("party", "DE", nil)
		merge := func(fields string) error {
			user := w.user(germans, `party: {read: true, delete: true, fields: {displayName: read, kind: read, roles: read`+fields+`}}`, `guide: {grant: true}`)
			_, err := w.merge(user, from, into, true)
			return err
		}
		w.refused(merge(""), core.Forbidden, "The parties were not merged: the other one would get what you may not see in the duplicate. Ask somebody who sees all of it to merge them.")
		if err := merge(", guide: read"); err != nil {
			t.Errorf("by who sees the role: %v", err)
		}
	})
}

// Of a list nothing is told by whether the other one has all of it either.
func TestAMergeTellsNothingOfAListThatTheUserDoesNotSeeInThePartyThatStays(t *testing.T) {
	vip := map[string]any{"tags": []any{"vip"}}
	for name, into := range map[string]map[string]any{
		"it lacks the list":       nil,
		"it has all of it":        vip,
		"it has more in the list": {"tags": []any{"vip", "tea"}},
		"it has another list":     {"tags": []any{"tea"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, openMemory(t))
			user := w.user(`party: {read: {country: {eq: DE}}, delete: true}`, `party: {read: true, update: true, fields: {displayName: write, kind: read}}`)
			_, err := w.merge(user, w.cafe("party", "DE", vip), w.cafe("party", "AT", into), true)
			w.refused(err, core.Forbidden, "Your roles do not let you write all of these fields of parties.", "tags may not be written by you")
		})
	}
}

// What an update may make of a party, a merge may, and nothing else.
func TestAMergeKeepsToWhatTheUserMayMakeOfAParty(t *testing.T) {
	const notAllowed = "You may not make this change to the party: your roles do not allow it for this record."
	many := map[string]any{"employees": int64(5000)}
	cases := map[string]struct {
		update, entity string // update may go on to further rights
		from, into     map[string]any
		allowed        bool
	}{
		"what must be missing comes":       {`{employees: {isNull: true}}`, "party", many, nil, false},
		"what must be missing is so":       {`{employees: {isNull: true}}`, "party", map[string]any{"city": "Graz"}, nil, true},
		"more than there may be":           {`{not: {employees: {gt: 99}}}`, "party", many, nil, false},
		"an item that must not be there":   {`{tags: {none: {eq: vip}}}`, "party", map[string]any{"tags": []any{"vip"}}, map[string]any{"tags": []any{"tea"}}, false},
		"a role that must not be there":    {`{roles: {none: {eq: guide}}}, grant: true`, "guide", nil, nil, false},
		"a default that comes with a role": {`{guide: {languages: {isNull: true}}}, grant: true`, "guide", nil, nil, false},
		"a role":                           {`true, grant: true`, "guide", nil, nil, true},
	}
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		for name, tt := range cases {
			t.Run(name, func(t *testing.T) {
				w := w.in(t)
				user := w.user("party: {read: true, delete: true, update: " + tt.update + "}")
				from, into := w.cafe(tt.entity, "AT", tt.from), w.cafe("party", "DE", tt.into)
				for _, dryRun := range []bool{true, false} {
					_, err := w.merge(user, from, into, dryRun)
					if !tt.allowed {
						w.refused(err, core.Forbidden, notAllowed)
					} else if err != nil {
						t.Errorf("dry run %v: %v, want it merged", dryRun, err)
					}
				}
			})
		}
	})
}

// A party gets no role by a merge that the user may not give to it.
func TestAMergeGivesNoRoleThatTheUserMayNotGive(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		user := w.user(`party: {read: true, delete: true}`, `customer: {update: true}`)
		from, into := w.cafe("guide", "AT", nil), w.cafe("customer", "DE", nil)
		_, err := w.merge(user, from, into, false)
		lacks := "You may not grant the role guide: none of your roles (role0, role1) allows it. Ask an administrator for a role that has guide: {grant: true}."
		w.refused(err, core.Forbidden, lacks)
		user = w.user(`party: {read: true, delete: true}`, `customer: {update: true, grant: true}`+"\n"+`guide: {update: true, withdraw: true}`)
		_, err = w.merge(user, from, into, false)
		w.refused(err, core.Forbidden, lacks)
		user = w.user(`party: {read: true, delete: true}`, `customer: {update: true}`+"\n"+`guide: {grant: {country: {eq: AT}}}`)
		_, err = w.merge(user, from, into, false)
		w.refused(err, core.Forbidden, "You may not grant the role guide to this party: your roles do not allow it for this record.")
		user = w.user(`party: {read: true, delete: true}`, `customer: {update: true}`, `guide: {grant: {country: {eq: DE}}}`)
		if _, err := w.merge(user, from, into, false); err != nil {
			t.Errorf("by who may give the role: %v", err)
		}
	})
}

// What is written while a merge is on its way is held against the same rights:
// the duplicate comes back.
func TestAMergeKeepsToTheRulesWhateverIsWrittenMeanwhile(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		user := w.user(`party: {read: true, delete: true, update: {employees: {isNull: true}}}`)
		from, into := w.cafe("party", "AT", nil), w.cafe("party", "DE", nil)
		w.store.meanwhile = func() {
			draft := record.Draft{Action: core.Updated, ID: from, Set: map[string]any{"employees": int64(5000)}}
			if err := w.instance().Records.As(admin, w.on).Save(t.Context(), w.entity("party"), []record.Draft{draft}, false)[0].Err; err != nil {
				t.Errorf("what is written meanwhile: %v", err)
			}
		}
		_, err := w.merge(user, from, into, false)
		w.refused(err, core.Forbidden, "You may not make this change to the party: your roles do not allow it for this record.")
		if left := w.get("party", from); left.Deleted() || w.get("party", into).At("employees") != nil {
			t.Errorf("the duplicate is deleted: %v, the other one has %v; want both as they were", left.Deleted(), w.get("party", into).Values)
		}
	})
}

func TestAMergeCountsOnlyWhatTheUserSees(t *testing.T) {
	cases := map[string]struct {
		rule string
		want map[string]int
	}{
		"parties only":                        {``, map[string]int{"party": 1}},
		"living records":                      {`activity: {read: true}`, map[string]int{"party": 1, "activity": 1}},
		"records of the rule":                 {`activity: {read: {kind: {eq: letter}}}`, map[string]int{"party": 1}},
		"records, but not their references":   {`tour: {read: true, fields: {name: read}}`, map[string]int{"party": 1}},
		"records and one of their references": {`tour: {read: true, fields: {home: read}}`, map[string]int{"party": 1, "tour": 1}},
	}
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		d := w.duplicates()
		check := func(name string, dryRun bool) {
			t.Helper()
			merged, err := w.merge(w.user("party: true\n"+cases[name].rule), d.from, d.into, dryRun)
			if diff := cmp.Diff(cases[name].want, merged.References); err != nil || diff != "" {
				t.Errorf("%s, dry run %v: %v, references (-want +got):\n%s", name, dryRun, err, diff)
			}
		}
		for name := range cases {
			check(name, true)
		}
		check("living records", false)
		d.turned(w)
	})
}

func TestAMergeThatStopsAtARecordTellsNothingOfItToWhoDoesNotSeeIt(t *testing.T) {
	w := newWorld(t, openMemory(t), hook(func(e *schema.Entity, changes []core.Change) []error {
		if e.Name != "activity" || changes[0].Action != core.Updated {
			return nil
		}
		return []error{&core.Error{Code: core.Invalid, Message: "The activity is sealed.", Violations: schema.Violations{{Field: "subject", Message: "must not be Call"}}}}
	}))
	d := w.duplicates()
	_, err := w.merge(w.user("party: true"), d.from, d.into, true)
	w.refused(err, core.Invalid, "The merge stopped at a record that refers to the duplicate and that you may not see. Ask somebody who sees it to merge again: what was done stays done.")
}

// What a merge says when it is refused quotes nothing that the user does not see.
func TestARefusedMergeQuotesNothingThatTheUserDoesNotSee(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		spoiled := ""
		w := newWorld(t, open(t), hook(func(e *schema.Entity, changes []core.Change) []error {
			for _, c := range changes {
				switch {
				case e.Name != spoiled || c.Action != core.Updated:
				case e.Name == "party":
					c.After.Values["employees"] = "dozens"
				default:
					c.After.Values["kind"] = "gossip"
				}
			}
			return nil
		}))
		const cannot = "The parties were not merged: they cannot become one."
		person := w.create("party", map[string]any{"kind": "person", "displayName": "Eva"}).ID
		from, into, other := w.cafe("party", "AT", map[string]any{"city": "Graz"}), w.cafe("party", "DE", nil), w.cafe("party", "DE", nil)
		activity := w.create("activity", map[string]any{"subject": "Call", "kind": "call", "at": "2026-02-01T10:00:00Z", "party": from}).ID
		who := "party: {read: true, update: true, delete: true, fields: {displayName: write, city: write}}\nactivity: {read: true, fields: {subject: read, party: read}}"
		merge := func(from, into string) error {
			_, err := w.merge(w.user(who), from, into, true)
			return err
		}
		w.refused(merge(person, into), core.Invalid, cannot, "into must be of the kind of the duplicate")

		spoiled = "party"
		w.refused(merge(from, into), core.Invalid, "The party was not saved: some fields need attention.", "employees must be a whole number")
		spoiled = "activity"
		w.refused(merge(from, into), core.Invalid, "The merge stopped at the activity "+activity+", which refers to the duplicate. The activity was not saved: some fields need attention. Mend that and merge again: what was done stays done.",
			"kind must be one of call, email, letter, visit, order, note")

		spoiled = ""
		if _, err := w.merge(admin, from, into, false); err != nil {
			t.Fatal(err)
		}
		w.refused(merge(from, other), core.Conflict, "The party "+from+" was merged into another one already. Merge with that one.")
		w.refused(merge(other, from), core.Conflict, "The party "+from+" was merged into another one already. Merge with that one.")
	})
}

// asked notes by which policy hooks are asked.
type asked struct{ by []record.Policy }

func (a *asked) BeforeSave(_ context.Context, on record.Basis, _ *schema.Entity, _ []core.Change) []error {
	a.by = append(a.by, on.Policy)
	return nil
}

// A merge may do more than the user, and the rules of plugins may not.
func TestAMergeAsksRulesByTheRightsThatHold(t *testing.T) {
	asked := &asked{}
	w := newWorld(t, openMemory(t), asked)
	d := w.duplicates()
	asked.by = nil
	if _, err := w.merge(admin, d.from, d.into, false); err != nil || len(asked.by) == 0 {
		t.Fatalf("%v, asked %d times", err, len(asked.by))
	}
	for _, policy := range asked.by {
		if policy != w.on.Policy {
			t.Errorf("a rule was asked by %T, want the policy of the basis", policy)
		}
	}
}
