package party_test

import (
	"testing"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
)

func (w *world) customer(name, number string) string {
	w.Helper()
	set := map[string]any{"kind": "organization", "displayName": name}
	if number != "" {
		set["customer.number"] = number
	}
	return w.create("customer", set).ID
}

func (w *world) merged(from, into string) party.Merger {
	w.Helper()
	m, err := w.merge(admin, from, into, false)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// What a duplicate was known by leads to the party that stands for it, over any number of
// merges.
func TestEveryKeyOfADuplicateLeadsToTheOneThatStandsForIt(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		a, b, c := w.customer("A", "M-1"), w.customer("A (twice)", "M-2"), w.customer("A (again)", "M-3")
		w.merged(c, b)
		w.merged(b, a)
		session, customer := w.Records.As(admin, w.on), w.entity("customer")
		number := customer.Field("number")
		for _, id := range []string{a, b, c} {
			found, err := session.Load(t.Context(), customer, []string{id}, nil)
			if err != nil || found[id] == nil || found[id].ID != a {
				t.Errorf("the customer %s is %+v, %v; want %s", id, found[id], err, a)
			}
		}
		for _, key := range []string{"M-1", "M-2", "M-3"} {
			found, err := session.ByKey(t.Context(), customer, number, number.StoragePath(), key, nil)
			if err != nil || found == nil || found.ID != a {
				t.Errorf("the customer %s is %+v, %v; want %s", key, found, err, a)
			}
			city := "City of " + key
			r := session.Save(t.Context(), customer, []record.Draft{{Action: core.Created, By: number, Set: map[string]any{"customer.number": key, "city": city}}}, false)[0]
			if got := w.get("party", a); r.Err != nil || r.Done != core.Updated || got.At("city") != city || got.At("customer.number") != "M-1" {
				t.Errorf("an upsert by %s has %s %+v, %v; want %s updated, with its own number", key, r.Done, got.Values, r.Err, a)
			}
		}
		taken := session.Save(t.Context(), customer, []record.Draft{{Action: core.Created, Set: map[string]any{"kind": "organization", "displayName": "B", "customer.number": "M-3"}}}, false)[0]
		w.refused(taken.Err, core.Conflict, "The customer was not saved: another one has the same number.", "number is taken: another party has M-3 already")

		order := w.create("order", map[string]any{"customer": c})
		if got := w.get("order", order.ID).At("customer"); got != a {
			t.Errorf("an order for %s is one for %v, want %s", c, got, a)
		}
		again := w.save("order", record.Draft{Action: core.Updated, ID: order.ID, Set: map[string]any{"customer": b}})
		if again.Version != 1 {
			t.Errorf("the same customer by another id is a change: %+v", again)
		}
	})
}

// An upsert by what a duplicate had finds the party that stands for it; of one that the
// user does not see, it tells no other value than the one that was sent.
func TestTheKeyOfADuplicateDoesNotTellThatOfAHiddenParty(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		duplicate, hidden := w.customer("A", "M-1"), w.customer("B", "SECRET-2")
		w.merged(duplicate, hidden)
		session, customer := w.Records.As(w.user("party: {read: {country: {eq: AT}}, create: true, update: {country: {eq: AT}}, grant: true}"), w.on), w.entity("customer")
		number := customer.Field("number")
		r := session.Save(t.Context(), customer, []record.Draft{{Action: core.Created, By: number, Set: map[string]any{
			"customer.number": "M-1", "kind": "organization", "displayName": "C"}}}, false)[0]
		w.refused(r.Err, core.Conflict, "The customer was not saved: another one has the same number.", "number is taken: another party has M-1 already")
	})
}

// What does not lead to a party by reading does not by writing either: the key of a hidden
// duplicate would tell that it was merged into a party which the user sees.
func TestTheKeyOfAHiddenDuplicateLeadsNowhere(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		customer := w.entity("customer")
		number := customer.Field("number")
		hidden := w.cafe("customer", "DE", map[string]any{"customer.number": "M-1"})
		seen, shown := w.cafe("customer", "AT", map[string]any{"customer.number": "M-2"}), w.cafe("customer", "AT", map[string]any{"customer.number": "M-3"})
		w.merged(hidden, seen)
		w.merged(shown, seen)
		session := w.Records.As(w.user("party: {read: {country: {eq: AT}}, create: true, update: true, grant: true}"), w.on)
		upsert := func(key string, dryRun bool) record.Result {
			return session.Save(t.Context(), customer, []record.Draft{{Action: core.Created, By: number, Set: map[string]any{"customer.number": key, "city": "Graz"}}}, dryRun)[0]
		}
		for _, dryRun := range []bool{true, false} {
			if found, err := session.ByKey(t.Context(), customer, number, number.StoragePath(), "M-1", nil); err != nil || found != nil {
				t.Errorf("the customer M-1 is %+v, %v; want none", found, err)
			}
			w.refused(upsert("M-1", dryRun).Err, core.Conflict, "The customer was not saved: another one has the same number.", "number is taken: another party has M-1 already")
			if r := upsert("M-3", dryRun); r.Err != nil || r.Record.ID != seen {
				t.Errorf("an upsert by the number of a duplicate that is seen has %+v, %v; want %s", r.Record, r.Err, seen)
			}
		}
		if got := w.get("party", seen); got.At("customer.number") != "M-2" || got.Version != 2 {
			t.Errorf("the party is %+v, want it written once", got)
		}
	})
}

// Who does not see the party that stands for a duplicate learns its id nowhere; who sees it
// does, and is told what to do.
func TestADuplicateTellsOnlyOfAPartyThatIsSeen(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		customer := w.entity("customer")
		for _, country := range []string{"AT", "DE"} {
			duplicate, into, third := w.cafe("customer", "AT", nil), w.cafe("customer", country, nil), w.cafe("customer", "AT", nil)
			w.merged(duplicate, into)
			told, shown := into, any(into)
			missing := "There is no customer with the id " + duplicate + " any more: it was merged into " + into + ", which stands for it. Write that one."
			if country == "DE" {
				told, shown = "another one", nil
				missing = "There is no customer with the id " + duplicate + ", or you may not see it."
			}
			user := w.user("party: {read: {country: {eq: AT}}, create: true, update: true, grant: true, delete: true}")
			session := w.Records.As(user, w.on)
			for _, pair := range [][2]string{{duplicate, third}, {third, duplicate}} {
				_, err := w.merge(user, pair[0], pair[1], true)
				w.refused(err, core.Conflict, "The party "+duplicate+" was merged into "+told+" already. Merge with that one.")
			}
			write := func(d record.Draft) error {
				d.ID = duplicate
				return session.Save(t.Context(), customer, []record.Draft{d}, false)[0].Err
			}
			w.refused(write(record.Draft{Action: core.Restored}), core.Conflict, "The customer was not restored: it was merged into "+told+", which stands for it. Its id and its unique values lead there.")
			w.refused(write(record.Draft{Action: core.Updated, Set: map[string]any{"city": "Graz"}}), core.NotFound, missing)
			w.refused(write(record.Draft{Action: core.Deleted}), core.NotFound, missing)

			found, err := session.Find(t.Context(), customer, core.Query{Filter: record.ByIDs([]string{duplicate}), First: 1, Deleted: true})
			if err != nil || len(found) != 1 || found[0].At("mergedInto") != shown {
				t.Errorf("of %s is found %+v, %v; want mergedInto %v", duplicate, found, err, shown)
			}
			entries, err := session.History(t.Context(), customer, duplicate, 1, 0)
			if err != nil || len(entries) != 1 {
				t.Fatalf("the history is %+v, %v", entries, err)
			}
			all, err := w.Records.As(admin, w.on).History(t.Context(), customer, duplicate, 1, 0)
			if err != nil {
				t.Fatal(err)
			}
			events, err := session.Told(t.Context(), customer, all)
			if err != nil {
				t.Fatal(err)
			}
			for _, last := range []core.Entry{entries[0], events[0]} {
				var got any
				if len(last.Diffs) > 0 {
					got = last.Diffs[0].To
				}
				if last.Action != core.Merged || got != shown {
					t.Errorf("the merge into %s is told as %+v", into, last)
				}
			}
		}
	})
}

func TestNobodyIsRelatedToHimself(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		a, b, c := w.customer("A", "M-1"), w.customer("A (twice)", "M-2"), w.customer("C", "M-3")
		relate := func(from, to string) string {
			return w.create("relationship", map[string]any{"from": from, "to": to, "type": "subsidiaryOf"}).ID
		}
		between, back, other := relate(a, b), relate(b, a), relate(b, c)
		gone := relate(a, b)
		w.save("relationship", record.Draft{Action: core.Deleted, ID: gone})
		w.save("customer", record.Draft{Action: core.Updated, ID: a, Set: map[string]any{"customer.accountManager": b}})
		tried, err := w.merge(admin, b, a, true)
		if want := []string{between, back}; err != nil || !sameIDs(tried.Deleted["relationship"], want) {
			t.Errorf("the dry run names %v, %v; want %v", tried.Deleted, err, want)
		}
		if w.get("relationship", between).Deleted() {
			t.Error("the dry run has deleted a relationship")
		}
		if done := w.merged(b, a); !sameIDs(done.Deleted["relationship"], tried.Deleted["relationship"]) {
			t.Errorf("the merge names %v, the dry run %v", done.Deleted, tried.Deleted)
		}
		w.settle()
		for _, id := range []string{between, back, gone} {
			if r := w.get("relationship", id); !r.Deleted() {
				t.Errorf("the relationship is %+v", r)
			}
		}
		if r := w.get("relationship", other); r.Deleted() || r.At("from") != a || r.At("to") != c {
			t.Errorf("the relationship to another is %+v", r)
		}
		if got := w.get("party", a).At("customer.accountManager"); got != nil {
			t.Errorf("the party manages itself: %v", got)
		}
		restored := w.Records.As(admin, w.on).Save(t.Context(), w.entity("relationship"), []record.Draft{{Action: core.Restored, ID: between}}, false)[0]
		w.refused(restored.Err, core.Invalid, "The relationship was not saved: some fields need attention.", "to must be another party than from")
		self := w.Records.As(admin, w.on).Save(t.Context(), w.entity("relationship"), []record.Draft{{Action: core.Created, Set: map[string]any{"from": a, "to": b, "type": "subsidiaryOf"}}}, false)[0]
		w.refused(self.Err, core.Invalid, "The relationship was not saved: some fields need attention.", "to must be another party than from")
	})
}

func sameIDs(got, want []string) bool {
	has := map[string]bool{}
	for _, id := range got {
		has[id] = true
	}
	for _, id := range want {
		if !has[id] {
			return false
		}
	}
	return len(got) == len(want)
}
