package forms_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/forms"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
)

const contact = `entity: contact
filterable: all
fields:
  code: {type: text, unique: true}
  name: {type: text, required: true, immutable: true}
  note: {type: text, max: 20}
  mail: {type: email, unique: true}
  country: {type: country}
  phone: {type: phone, regionFrom: country}
  site: {type: url}
  place: {type: object, fields: {city: {type: text}, mail: {type: email}}}
  tags: {type: list, of: {type: text}}
  lines: {type: list, of: {type: object, fields: {phone: {type: phone}, sites: {type: list, of: {type: url}}}}}
  needed: {type: text, required: true, default: x}
`

const visit = `entity: visit
fields:
  place: {type: text}
`

type values = map[string]any

// store is what a test needs of one.
type store interface {
	record.Store
	forms.State
}

// world is a database with records of a former version.
type world struct {
	*testing.T
	store
	on      record.Basis
	records *record.Service
	job     *forms.Service
	log     bytes.Buffer
	last    core.Progress
}

func onBothStores(t *testing.T, test func(w *world)) {
	t.Run("SQLite", func(t *testing.T) {
		s, err := sqlite.OpenMemory()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		test(newWorld(t, s))
	})
	t.Run("MongoDB", func(t *testing.T) {
		uri, _ := mongotest.Database(t)
		s, err := mongo.New(mongo.Config{URI: uri})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		test(newWorld(t, s))
	})
}

func newWorld(t *testing.T, s store) *world {
	t.Helper()
	w := &world{T: t, store: s}
	w.records = &record.Service{Store: s, Now: time.Now, Region: "DE", NewID: func() string { return "new" }}
	w.start(contact, visit)
	return w
}

// start starts the program anew, with these definitions.
func (w *world) start(definitions ...string) {
	w.Helper()
	var sources []schema.Source
	for i, text := range definitions {
		sources = append(sources, schema.Source{Layer: "site", File: fmt.Sprint(i, ".yaml"), Data: []byte(text)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		w.Fatal(err)
	}
	if err := w.Prepare(w.Context(), m); err != nil {
		w.Fatal(err)
	}
	w.on = record.Basis{Model: m, Policy: (&record.Session{}).Unbound().Policy}
	w.job = &forms.Service{Records: w.records, State: w.store, Log: slog.New(slog.NewTextHandler(&w.log, nil))}
}

// put stores a record as a former version has.
func (w *world) put(id string, deleted bool, v values) {
	w.Helper()
	r := &core.Record{Entity: "contact", ID: id, Version: 1, CreatedAt: time.Now(), UpdatedAt: time.Now(), Values: v}
	if deleted {
		r.DeletedAt = time.Now()
	}
	c := core.Change{Action: core.Created, At: time.Now(), After: r}
	if errs := w.Commit(w.Context(), w.contact(), []core.Change{c}); errs[0] != nil {
		w.Fatal(errs[0])
	}
}

func (w *world) contact() *schema.Entity { return w.on.Model.Entity("contact") }

func (w *world) get(id string) *core.Record {
	w.Helper()
	found, err := w.Find(w.Context(), w.contact(), core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
	if err != nil || len(found) != 1 {
		w.Fatalf("found %v, %v", found, err)
	}
	return found[0]
}

// due says whether there is something to do.
func (w *world) due() bool {
	w.Helper()
	what, err := w.job.Due(w.Context(), w.on)
	if err != nil {
		w.Fatal(err)
	}
	return what != ""
}

func (w *world) do() error {
	return w.job.Do(w.Context(), w.on, func(p core.Progress) { w.last = p })
}

// must brings all into the forms of today, and says how that went.
func (w *world) must() string {
	w.Helper()
	if err := w.do(); err != nil {
		w.Fatal(err)
	}
	if w.due() {
		w.Error("it is due once more")
	}
	return w.last.Note
}

// finds counts what a filter finds, as people write it.
func (w *world) finds(filter values) int {
	w.Helper()
	f, err := w.on.Model.ParseFilter(w.contact(), filter, false)
	if err != nil {
		w.Fatal(err)
	}
	found, err := w.records.As(core.Actor{}, w.on).Unbound().Find(w.Context(), w.contact(), core.Query{Filter: f, First: -1})
	if err != nil {
		w.Fatal(err)
	}
	return len(found)
}

func TestWhatIsStoredGetsTheFormsOfToday(t *testing.T) {
	onBothStores(t, func(w *world) {
		old := values{
			"code": "Ko\u0308rner", "name": "Mu\u0308ller\u00a0AG", "note": "\u200b", "mail": "Info@XN--mller-kva.de", "site": "Example.org/A",
			"country": "DE", "phone": values{"raw": "030 1234567 App. 12", "e164": "+4930123456727712"}, "gone": "u\u0308",
			"place": values{"city": "Ko\u0308ln", "mail": "A@B.de", "gone": "u\u0308"}, "tags": []any{"u\u0308", "v"},
			"lines": []any{values{"phone": values{"raw": "0 30/1234567"}, "sites": []any{"HTTP://A.org", "b.org"}, "gone": "u\u0308"}},
		}
		want := values{
			"code": "Körner", "name": "Müller AG", "mail": "info@müller.de", "site": "https://example.org/A",
			"country": "DE", "phone": values{"raw": "030 1234567 App. 12", "e164": "+49301234567", "extension": "12"}, "gone": "u\u0308",
			"place": values{"city": "Köln", "mail": "a@b.de", "gone": "u\u0308"}, "tags": []any{"ü", "v"},
			"lines": []any{values{"phone": values{"raw": "0 30/1234567", "e164": "+49301234567"}, "sites": []any{"http://a.org", "https://b.org"}, "gone": "u\u0308"}},
		}
		if w.due() {
			w.Error("something is due in a new database")
		}
		w.put("old", false, old)
		w.put("deleted", true, values{"name": "Mu\u0308ller", "needed": "y"})
		w.put("fine", false, values{"name": "Müller", "needed": "y"})
		filters := []values{
			{"code": values{"eq": "Körner"}}, {"mail": values{"eq": "info@müller.de"}}, {"site": values{"eq": "https://example.org/A"}},
			{"phone": values{"e164": values{"eq": "+49301234567"}}}, {"tags": values{"some": values{"eq": "ü"}}}, {"place": values{"city": values{"eq": "Köln"}}},
		}
		for _, f := range filters {
			if n := w.finds(f); n != 0 {
				w.Errorf("%v finds %d before", f, n)
			}
		}
		w.start(contact, visit)
		if !w.due() {
			w.Error("nothing is due")
		}
		if got, want := w.must(), "records brought into the form of today: 2"; got != want {
			w.Errorf("it says %q, want %q", got, want)
		}
		if diff := cmp.Diff(want, w.get("old").Values); diff != "" {
			w.Errorf("-want +got:\n%s", diff)
		}
		for _, f := range filters {
			if n := w.finds(f); n != 1 {
				w.Errorf("%v finds %d after", f, n)
			}
		}
		if r := w.get("deleted"); r.Values["name"] != "Müller" || !r.Deleted() || r.Version != 2 {
			w.Errorf("the deleted one is %+v", r)
		}
		if r := w.get("fine"); r.Version != 1 {
			w.Errorf("what was in its form was written: %+v", r)
		}
		entries, err := w.History(w.Context(), w.contact(), "old", 1, 0)
		if err != nil || len(entries) != 1 || entries[0].Action != core.Updated || entries[0].Actor.ID != forms.Owner || len(entries[0].Diffs) != 11 {
			w.Errorf("the history says %+v, %v", entries, err)
		}
		if strings.Contains(w.log.String(), "level=WARN") {
			w.Errorf("the log says %s", &w.log)
		}

		// A second start has nothing to do, and doing it changes nothing.
		w.start(contact, visit)
		if w.due() {
			w.Error("it is due at the next start")
		}
		w.must()
		if r := w.get("old"); r.Version != 2 {
			w.Errorf("a second run has written %+v", r)
		}
	})
}

func TestWhatCannotGetTheFormOfTodayIsListed(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("1", false, values{"code": "Körner", "mail": "a@b.de", "name": "Mu\u0308ller", "needed": "y"})
		w.put("2", false, values{"code": "Körner\u200b", "mail": "A@B.DE", "name": "Bo\u0308ll", "needed": "y"})
		w.put("3", false, values{"name": "a\ab", "note": "longer than it may be, by far", "tags": []any{"u\u0308", "\ac"}, "needed": "y"})
		if got, want := w.must(), "records brought into the form of today: 3; values that are not in it, which the log names: 5"; got != want {
			w.Errorf("it says %q, want %q", got, want)
		}
		for id, want := range map[string]values{
			"1": {"code": "Körner", "mail": "a@b.de", "name": "Müller", "needed": "y"},
			"2": {"code": "Körner\u200b", "mail": "A@B.DE", "name": "Böll", "needed": "y"},
			"3": {"name": "a\ab", "note": "longer than it may be, by far", "tags": []any{"ü", "\ac"}, "needed": "y"},
		} {
			if diff := cmp.Diff(want, w.get(id).Values); diff != "" {
				w.Errorf("%s: -want +got:\n%s", id, diff)
			}
		}
		const taken = `msg="a value stays in its older form, since another record has what it would be: filters do not find it. Change one of the two, or merge them" entity=contact id=2 `
		const unfit = `msg="a value stays as it is, since it fits no form of today. Correct it" entity=contact id=3 `
		for _, want := range []string{
			taken + "field=code value=Körner other=1\n", taken + "field=mail value=a@b.de other=1\n",
			unfit + `field=name why="must not have control characters"`, unfit + `field=note why="must have at most 20 characters"`,
			unfit + `field=tags why="must not have control characters"`,
		} {
			if strings.Count(w.log.String(), want) != 1 {
				w.Errorf("the log lacks %s:\n%s", want, &w.log)
			}
		}

		// Who corrects one of the two may have the value, and nothing is due by that.
		if r := w.save("1", values{"code": "K"}); r.Err != nil {
			w.Fatal(r.Err)
		}
		if r := w.save("2", values{"code": "Körner"}); r.Err != nil || w.due() {
			w.Error(r.Err)
		}
	})
}

func (w *world) save(id string, set values) record.Result {
	return w.records.As(core.Actor{ID: "ada"}, w.on).Unbound().Save(w.Context(), w.contact(), []record.Draft{{Action: core.Updated, ID: id, Set: set}}, false)[0]
}

// hook is asked before each write.
type hook func(changes []core.Change) []error

func (h hook) BeforeSave(_ context.Context, _ record.Basis, _ *schema.Entity, changes []core.Change) []error {
	return h(changes)
}

func TestAKilledJobGoesOnWhereItWas(t *testing.T) {
	onBothStores(t, func(w *world) {
		const n = 350
		for i := range n {
			w.put(fmt.Sprintf("c%03d", i), false, values{"name": fmt.Sprintf("u\u0308%d", i), "needed": "y"})
		}
		asked := map[string]int{}
		down := &core.Error{Code: core.Unavailable, Message: "The plugin is down."}
		kill := true
		w.on.Hooks = []record.Hook{hook(func(changes []core.Change) []error {
			errs := make([]error, len(changes))
			for i, c := range changes {
				if c.Actor.ID == forms.Owner {
					asked[c.After.ID]++
				}
				if kill && c.After.ID == "c250" {
					errs[i] = down
				}
			}
			return errs
		})}
		if err := w.do(); core.CodeOf(err) != core.Unavailable || !errors.Is(err, down) || !strings.Contains(err.Error(), "c250") {
			w.Fatalf("it ends with %v", err)
		}
		if w.last.Done != 200 || w.last.Total != n || !w.due() {
			w.Errorf("it is at %+v", w.last)
		}
		kill = false
		w.job = &forms.Service{Records: w.records, State: w.store, Log: w.job.Log} // of another process
		w.must()
		if w.last.Done != n || w.last.Total != n {
			w.Errorf("it ends at %+v", w.last)
		}
		for i := range n {
			id := fmt.Sprintf("c%03d", i)
			if r := w.get(id); r.Version != 2 || r.Values["name"] != fmt.Sprintf("ü%d", i) || asked[id] > 2 || i < 200 && asked[id] != 1 {
				w.Fatalf("%s was written %d times: %v", id, asked[id], r)
			}
		}
	})
}

func TestWhoWritesMeanwhileWins(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("1", false, values{"name": "Mu\u0308ller", "note": "u\u0308", "needed": "y"})
		w.put("2", false, values{"name": "Mu\u0308ller", "needed": "y"})
		once := false
		w.on.Hooks = []record.Hook{hook(func(changes []core.Change) []error {
			if once {
				return nil
			}
			once = true
			for id, r := range map[string]*core.Record{"1": w.get("1"), "2": w.get("2")} { // another instance
				c := core.Change{Action: core.Updated, At: time.Now(), Before: r.Clone(), After: r}
				if r.Version++; id == "1" {
					r.Values["note"] = "new"
				} else {
					c.Action, r.DeletedAt = core.Deleted, time.Now()
				}
				if errs := w.Commit(w.Context(), w.contact(), []core.Change{c}); errs[0] != nil {
					w.Fatal(errs[0])
				}
			}
			return nil
		})}
		w.must()
		if r := w.get("1"); r.Values["note"] != "new" || r.Values["name"] != "Müller" || r.Version != 3 {
			w.Errorf("the record is %+v", r)
		}
		if r := w.get("2"); !r.Deleted() || r.Values["name"] != "Müller" || r.Version != 3 {
			w.Errorf("the deleted record is %+v", r)
		}
	})
}

func TestARuleMayRefuseARecord(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("1", false, values{"name": "Mu\u0308ller", "needed": "y"})
		w.on.Hooks = []record.Hook{hook(func([]core.Change) []error {
			return []error{&core.Error{Code: core.Invalid, Message: "The contact is closed."}}
		})}
		w.must()
		if r := w.get("1"); r.Version != 1 || !strings.Contains(w.log.String(), `since it cannot be saved. Mend that, and change the record" entity=contact id=1 why="The contact is closed."`) {
			w.Errorf("it is %+v, and the log says %s", r, &w.log)
		}
	})
}

// The fields and records of a plugin that was not there get their forms when it is back.
func TestWhatNobodyKnewGetsItsFormOnceItIsKnown(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("1", false, values{"name": "Müller", "needed": "y", "nick": "u\u0308"})
		w.put("2", false, values{"name": "Müller", "needed": "y"})
		w.must()
		w.start(contact+"  nick: {type: text}\n", visit, "entity: other\nfields: {name: {type: text}}\n")
		if !w.due() {
			w.Error("nothing is due")
		}
		w.must()
		if w.last.Done != 1 || w.get("1").Values["nick"] != "ü" || w.get("2").Version != 1 {
			w.Errorf("of %+v it is %+v", w.last, w.get("1"))
		}
		w.start(contact, visit)
		if w.due() {
			w.Error("it is due without the plugin")
		}
	})
}
