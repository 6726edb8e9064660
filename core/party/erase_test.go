package party_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
)

// onBothDatabases runs a test on each store, with all that its database holds
// as one text.
func onBothDatabases(t *testing.T, test func(t *testing.T, open func(*testing.T) (store, func() string))) {
	bothstores.OnDisk(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		test(t, func(t *testing.T) (store, func() string) {
			d := open(t)
			if d.Mongo == nil {
				return d, func() string { return rowsOf(t, d.File) }
			}
			return d, func() string { return documentsOf(t, d.Mongo) }
		})
	})
}

// documentsOf are the documents of all collections of a MongoDB.
func documentsOf(t *testing.T, db *driver.Database) string {
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, name := range names {
		var documents []bson.M
		cursor, err := db.Collection(name).Find(t.Context(), bson.D{})
		if err == nil {
			err = cursor.All(t.Context(), &documents)
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&text, name, documents)
	}
	return text.String()
}

// rowsOf are the rows of all tables of a SQLite file.
func rowsOf(t *testing.T, file string) string {
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var text strings.Builder
	for _, table := range query(t, db, "SELECT name FROM sqlite_schema WHERE type = 'table'") {
		fmt.Fprintln(&text, table, query(t, db, fmt.Sprintf("SELECT * FROM %q", table[0])))
	}
	return text.String()
}

func query(t *testing.T, db *sql.DB, statement string) [][]any {
	rows, err := db.QueryContext(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all [][]any
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// known is a party about which much is known, everywhere: its name is Zoe.
type known struct{ party, duplicate, tour, activity, other string }

func (w *world) known() known {
	w.Helper()
	must := func(err error) {
		if err != nil {
			w.Fatal(err)
		}
	}
	must(w.store.Subscribe(w.Context(), core.Subscription{Subscriber: "down", Topics: []string{"party.*", "tour.*"}}))
	zoe := func(name string) string {
		return w.create("customer", map[string]any{
			"kind": "person", "displayName": name, "email": "zoe@example.com", "birthDate": "1990-01-01", "customer.segment": "A",
			"addresses": []any{map[string]any{"use": "delivery", "city": "Zoetown"}},
		}).ID
	}
	k := known{duplicate: zoe("Zoe Meyer"), party: zoe("Zoe Meier")}
	k.activity = w.create("activity", map[string]any{"subject": "Zoe called", "summary": "Zoe wants tea", "kind": "call", "at": "2026-02-01T10:00:00Z", "party": k.duplicate}).ID
	w.save("activity", record.Draft{Action: core.Deleted, ID: k.activity})
	k.tour = w.create("tour", map[string]any{"name": "Zoe in the Alps", "driver": k.party, "stops": []any{map[string]any{"host": nil, "note": "Zoe sleeps"}, map[string]any{"note": "Zoe's lake"}}}).ID
	k.other = w.create("customer", map[string]any{"kind": "person", "displayName": "Otto", "customer.accountManager": k.party}).ID
	must(w.relay().Drain(w.Context()))
	waiting, err := w.store.Deliverable(w.Context(), "down", time.Now(), 10)
	must(err)
	must(w.store.Bury(w.Context(), "down", waiting[0].Event.ID, "no", time.Now()))
	_, err = w.merge(admin, k.duplicate, k.party, false)
	must(err)
	w.stray("activity", k.activity, "party", k.duplicate)
	w.save("tour", record.Draft{Action: core.Updated, ID: k.tour, Set: map[string]any{"name": "Zoe in the Andes"}})
	return k
}

func (w *world) erase(a core.Actor, id string, dryRun bool) (party.Erasure, error) {
	return w.Erase(w.Context(), w.on, a, id, dryRun)
}

// gone checks that nothing of the person is left, and all that does not tell who it was.
func (k known) gone(w *world, database func() string) {
	w.Helper()
	for line := range strings.Lines(database()) {
		if i := strings.Index(strings.ToLower(line), "zoe"); i >= 0 {
			w.Errorf("the database still says …%s…", line[max(0, i-200):min(len(line), i+50)])
		}
	}
	got := map[string]any{}
	for entity, id := range map[string]string{"party": k.party, "tour": k.tour, "activity": k.activity} {
		for _, path := range []string{"displayName", "birthDate", "kind", "customer.number", "customer.segment", "name", "driver", "stops", "subject"} {
			if value := w.get(entity, id).At(path); value != nil {
				got[entity+"."+path] = value
			}
		}
	}
	want := map[string]any{
		"party.displayName": "[erased]", "party.kind": "person", "party.customer.number": "C-00002", "party.customer.segment": "A",
		"tour.name": "[erased]", "tour.driver": k.party, "activity.subject": "[erased]", "activity.kind": "call",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("what is left (-want +got):\n%s", diff)
	}
	if name := w.get("party", k.other).At("displayName"); name != "Otto" {
		w.Errorf("the party that refers to it is called %v, want Otto", name)
	}
}

func TestErasureLeavesNothingOfThePersonAnywhere(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, open func(*testing.T) (store, func() string)) {
		store, database := open(t)
		w := newWorld(t, store)
		k := w.known()
		if !strings.Contains(database(), "Zoe Meyer") {
			t.Fatal("the database does not say Zoe Meyer before the erasure")
		}
		erased, err := w.erase(admin, k.party, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.relay().Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		k.gone(w, database)
		if erased.Done != core.Erased || erased.Party.ID != k.party || erased.Party.Values["displayName"] != "[erased]" {
			t.Errorf("result = %+v", erased)
		}
		history, err := w.store.History(t.Context(), w.entity("party"), k.party, 1, 0)
		if err != nil || history[0].Event().Topic != "party.erased" || history[0].Actor.Name != "Ada" || history[0].Diffs[0].Path != "addresses" {
			t.Errorf("the last change of the party is %+v, %v; want party.erased by Ada", history, err)
		}
		again, err := w.erase(admin, k.party, false)
		if err != nil || again.Done != record.Unchanged || len(again.Cleared) > 0 {
			t.Errorf("erased once more: %+v, %v; want unchanged", again, err)
		}
	})
}

func TestErasureThatIsCutOffAtAnyStepIsFinishedByTheNext(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, open func(*testing.T) (store, func() string)) {
		for step := 0; ; step++ {
			store, database := open(t)
			w := newWorld(t, store)
			k := w.known()
			w.store.armed, w.store.after = true, step
			_, err := w.erase(admin, k.party, false)
			w.store.armed = false
			if err == nil {
				if step != 12 {
					t.Errorf("an erasure takes %d steps, want 12: four records, each forgotten, cleared and forgotten", step)
				}
				return
			}
			if core.CodeOf(err) != core.Unavailable {
				t.Fatalf("cut off at step %d: %v", step, err)
			}
			if name := w.get("party", k.party).At("displayName"); name == "[erased]" && step < 11 {
				t.Errorf("cut off at step %d, the party is erased before all else is", step)
			}
			if _, err := w.erase(admin, k.party, false); err != nil {
				t.Fatalf("cut off at step %d, it is not finished: %v", step, err)
			}
			k.gone(w, database)
		}
	})
}

func TestDryRunSaysWhatAnErasureWouldClearAndWritesNothing(t *testing.T) {
	w := newWorld(t, openMemory(t))
	k := w.known()
	w.store.armed, w.store.after = true, 0
	got, err := w.erase(admin, k.party, true)
	if err != nil {
		t.Fatal(err)
	}
	want := []party.Cleared{
		{Entity: "activity", Records: 1, Fields: []string{"subject", "summary"}},
		{Entity: "party", Records: 2, Fields: []string{"addresses", "birthDate", "displayName", "email"}},
		{Entity: "tour", Records: 1, Fields: []string{"name", "stops"}},
	}
	if diff := cmp.Diff(want, got.Cleared); diff != "" || got.Done != core.Erased || got.Party.Values["displayName"] != "Zoe Meier" {
		t.Errorf("dry run: %s of %v (-want +got):\n%s", got.Done, got.Party.Values, diff)
	}
}

func TestErasureClearsMoreRecordsThanFitOnAPage(t *testing.T) {
	w := newWorld(t, openMemory(t))
	k := w.known()
	w.tours(450, map[string]any{"name": "Zoe", "guests": []any{k.party}, "driver": k.party})
	for _, dryRun := range []bool{true, false} {
		erased, err := w.erase(admin, k.party, dryRun)
		if err != nil || erased.Cleared[2].Records != 451 {
			t.Errorf("dry run %v: %v, %v; want 451 tours", dryRun, erased.Cleared, err)
		}
	}
}

func TestNoRuleKeepsWhatHasToBeErased(t *testing.T) {
	var asked bool
	w := newWorld(t, openMemory(t), hook(func(_ *schema.Entity, changes []core.Change) []error {
		if asked = changes[0].Action == core.Erased; asked {
			return []error{errors.New("no")}
		}
		return nil
	}))
	k := w.known()
	if _, err := w.erase(admin, k.party, false); err != nil || asked {
		t.Errorf("erase = %v, the rule was asked: %v", err, asked)
	}
}

func TestErasureRefusesWhoMayNotAndWhatIsNotThere(t *testing.T) {
	w := newWorld(t, openMemory(t))
	k := w.known()
	_, err := w.erase(clerk, k.party, false)
	w.refused(err, core.Forbidden, "A party is erased by administrators: the role admin.")
	_, err = w.erase(admin, "nowhere", false)
	w.refused(err, core.NotFound, "There is no party with the id nowhere, or you may not see it.")
	_, err = w.erase(admin, k.duplicate, false)
	w.refused(err, core.Conflict, fmt.Sprintf("The party %s was merged into %s. Erase that one: its duplicates are erased with it.", k.duplicate, k.party))
}

func TestOfTwoPartiesThatWereMergedIntoEachOtherNoneIsErasedBeforeOneStands(t *testing.T) {
	onBothStores(t, func(t *testing.T, open func(*testing.T) store) {
		w := newWorld(t, open(t))
		a := w.create("party", map[string]any{"kind": "person", "displayName": "A"}).ID
		b := w.create("party", map[string]any{"kind": "person", "displayName": "B"}).ID
		w.save("party", record.Draft{Action: core.Merged, ID: a, MergeInto: b})
		w.save("party", record.Draft{Action: core.Merged, ID: b, MergeInto: a})
		for one, other := range map[string]string{a: b, b: a} {
			_, err := w.erase(admin, one, true)
			w.refused(err, core.Conflict, fmt.Sprintf("The parties %s and %s were merged into each other, and neither merge was finished. Finish one of the two merges first.", one, other))
		}
		if _, err := w.merge(admin, a, b, false); err != nil {
			t.Fatal(err)
		}
		if erased, err := w.erase(admin, b, false); err != nil || erased.Cleared[0].Records != 2 {
			t.Errorf("erased after one merge: %+v, %v; want both cleared", erased, err)
		}
	})
}
