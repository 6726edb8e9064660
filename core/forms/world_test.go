package forms_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/forms"
	"github.com/openxrm/xrm/core/record"
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
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) { test(newWorld(t, open(t))) })
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

func (w *world) save(id string, set values) record.Result {
	return w.records.As(core.Actor{ID: "ada"}, w.on).Unbound().Save(w.Context(), w.contact(), []record.Draft{{Action: core.Updated, ID: id, Set: set}}, false)[0]
}

// hook is asked before each write.
type hook func(changes []core.Change) []error

func (h hook) BeforeSave(_ context.Context, _ record.Basis, _ *schema.Entity, changes []core.Change) []error {
	return h(changes)
}
