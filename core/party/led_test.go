package party_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

const austrians = "party: {read: {country: {eq: AT}}, create: true, update: true, grant: true, delete: true}\ntour: {read: true, create: true, update: true}"

// Whether there was a duplicate that the user does not see, and who it became, no door
// tells: it is as if there had never been one.
func TestAHiddenDuplicateLeadsNowhere(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		customer := w.entity("customer")
		number := customer.Field("number")
		stays := w.cafe("customer", "AT", map[string]any{"customer.number": "M-0"})
		shown := w.cafe("customer", "AT", map[string]any{"customer.number": "M-1"})
		hidden := w.cafe("customer", "DE", map[string]any{"customer.number": "M-2"})
		behind := w.cafe("customer", "AT", map[string]any{"customer.number": "M-3"}) // merged into the hidden one
		w.merged(shown, stays)
		w.merged(behind, hidden)
		w.merged(hidden, stays)
		session := w.Records.As(w.user(austrians), w.on)
		for key, id := range map[string]string{"M-1": shown, "M-2": hidden, "M-3": behind, "M-9": "id-none"} {
			leads := id == shown
			for _, e := range []*schema.Entity{customer, w.entity("party")} {
				found, err := session.Load(t.Context(), e, []string{id}, []string{})
				if err != nil || (found[id] != nil) != leads {
					t.Errorf("the %s %s (%s) is %+v, %v; want one: %v", e.Name, key, id, found[id], err, leads)
				}
			}
			if found, err := session.ByKey(t.Context(), customer, number, number.StoragePath(), key, nil); err != nil || (found != nil) != leads {
				t.Errorf("the customer with the number %s is %+v, %v; want one: %v", key, found, err, leads)
			}
			tour := session.Save(t.Context(), w.entity("tour"), []record.Draft{{Action: core.Created, Set: map[string]any{"name": "Alps", "driver": id}}}, true)[0]
			if leads && tour.Err != nil {
				t.Errorf("a tour with the driver %s: %v", id, tour.Err)
			} else if !leads {
				w.refused(tour.Err, core.Invalid, "The tour was not saved: some fields need attention.",
					"driver must be the id of an existing party that you may see, not "+id)
			}
			upsert := session.Save(t.Context(), customer, []record.Draft{{Action: core.Created, By: number, Set: map[string]any{
				"customer.number": key, "kind": "organization", "displayName": "Cafe", "country": "AT", "city": "Graz"}}}, true)[0]
			if leads || key == "M-9" {
				if upsert.Err != nil {
					t.Errorf("an upsert of %s: %v", key, upsert.Err)
				}
			} else {
				w.refused(upsert.Err, core.Conflict, "The customer was not saved: another one has the same number.", "number is taken: another party has "+key+" already")
			}
			restored := session.Save(t.Context(), customer, []record.Draft{{Action: core.Restored, ID: id}}, true)[0]
			switch id {
			case shown:
				w.refused(restored.Err, core.Conflict, "The customer was not restored: it was merged into "+stays+", which stands for it. Its id and its unique values lead there.")
			case behind:
				w.refused(restored.Err, core.Conflict, "The customer was not restored: it was merged into another one, which stands for it. Its id and its unique values lead there.")
			default:
				w.refused(restored.Err, core.NotFound, "There is no customer with the id "+id+", or you may not see it.")
			}
		}
	})
}

// What an answer takes out of some records, nobody asks for who does not see all of it.
func TestWhoDoesNotSeeAllPartiesDoesNotAskWhatTheyWereMergedInto(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		hidden, duplicate := w.cafe("party", "DE", nil), w.cafe("party", "AT", nil)
		w.merged(duplicate, hidden)
		e := w.entity("party")
		into := e.Field(schema.MergedField)
		asks := map[string]func(*record.Session) error{
			"filter": func(s *record.Session) error {
				_, err := s.Find(t.Context(), e, core.Query{Filter: schema.Filter{Path: schema.MergedField, Op: schema.OpEq, Value: hidden, Field: into}, First: 1, Deleted: true})
				return err
			},
			"count": func(s *record.Session) error {
				_, err := s.Count(t.Context(), e, core.Query{Filter: schema.Filter{Path: schema.MergedField, Op: schema.OpIsNull, Value: false, Field: into}, Deleted: true}, 10)
				return err
			},
			"sort": func(s *record.Session) error {
				_, err := s.Find(t.Context(), e, core.Query{OrderBy: []core.Order{{Path: schema.MergedField, Field: into}}, First: 1, Deleted: true})
				return err
			},
			"group": func(s *record.Session) error {
				_, err := s.Aggregate(t.Context(), e, core.Aggregate{Grouping: schema.Grouping{By: []core.Order{{Path: schema.MergedField}}}})
				return err
			},
		}
		for name, ask := range asks {
			w := w.in(t)
			w.refused(ask(w.Records.As(w.user(austrians), w.on)), core.Forbidden,
				"You may not filter, sort or search parties by mergedInto, because you may not see it in all of them.")
			if err := ask(w.Records.As(w.user("party: {read: true}"), w.on)); err != nil {
				t.Errorf("%s: who sees all parties is refused: %v", name, err)
			}
		}
	})
}

// The history shows no id that the field itself does not show.
func TestTheHistoryNamesNoRecordThatIsHidden(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		seen, hidden := w.cafe("customer", "AT", nil), w.cafe("customer", "DE", nil)
		host, stranger := w.cafe("supplier", "AT", nil), w.cafe("supplier", "DE", nil)
		stop := func(id string) any { return map[string]any{"host": id, "note": "n"} }
		tour := w.create("tour", map[string]any{
			"name": "Alps", "driver": hidden, "guests": []any{hidden, seen}, "home": map[string]any{"keeper": hidden}, "stops": []any{stop(host), stop(stranger)}})
		w.save("tour", record.Draft{Action: core.Updated, ID: tour.ID, Set: map[string]any{"guests": []any{seen}, "home": map[string]any{"keeper": seen}}})

		entries, err := w.Records.As(w.user(austrians), w.on).History(t.Context(), w.entity("tour"), tour.ID, 10, 0)
		if err != nil || len(entries) != 2 {
			t.Fatal(entries, err)
		}
		want := map[string][2]any{
			"name": {nil, "Alps"}, "guests": {nil, []any{seen}},
			"stops": {nil, []any{stop(host), map[string]any{"note": "n"}}},
		}
		for i, want := range []map[string][2]any{{"home.keeper": {nil, seen}}, want} {
			got := map[string][2]any{}
			for _, d := range entries[i].Diffs {
				got[d.Path] = [2]any{d.From, d.To}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", entries[i].Action, diff)
			}
		}
		all, err := w.Records.As(admin, w.on).History(t.Context(), w.entity("tour"), tour.ID, 10, 0)
		if err != nil || len(all[1].Diffs) != 5 || len(all[0].Diffs) != 2 {
			t.Errorf("an administrator sees %+v, %v; want all", all, err)
		}
	})
}
