package party_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/journal"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/schedule"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// A tour refers to parties in every way that the entity language knows.
const tour = `
entity: tour
fields:
  name: {type: text, required: true, pii: true}
  driver: {type: reference, to: party, immutable: true, inverse: drivenTours}
  guests: {type: list, of: {type: reference, to: customer, inverse: guestTours}}
  home: {type: object, fields: {keeper: {type: reference, to: party, inverse: keptTours}}}
  stops: {type: list, of: {type: object, fields: {host: {type: reference, to: supplier, inverse: hostedTours}, note: {type: text, pii: true}}}}
`

// Guides have no number: the data of one who has no languages are none.
const guide = `
role: guide
of: party
fields:
  languages: {type: text, default: German}
`

const clerking = `
role: clerk
party:
  read: true
  update: true
  grant: true
  delete: {status: {eq: active}}
  fields: {"*": write, externalId: read}
`

var (
	admin = core.Actor{ID: "admin-1", Name: "Ada", Roles: []string{core.AdminRole}}
	clerk = core.Actor{ID: "clerk-1", Name: "Cleo", Roles: []string{"clerk"}}
)

// store is what the engine asks of a store, as far as parties are concerned.
type store interface {
	record.Store
	journal.Store
	journal.Queue
	journal.Desk
	record.Timers
	schedule.Timers
}

// world is a service over one of the stores.
type world struct {
	*testing.T
	*party.Service
	on       record.Basis
	model    *schema.Model
	store    *failing
	instance func() *party.Service // of another process on the same store
}

// onBothStores runs a test on each store. open makes a new, empty database.
func onBothStores(t *testing.T, test func(t *testing.T, open func(t *testing.T) store)) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		test(t, func(t *testing.T) store { return open(t) })
	})
}

func openMemory(t *testing.T) store {
	store, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return store
}

func newWorld(t *testing.T, store store, hooks ...record.Hook) *world {
	t.Helper()
	model, err := schema.Load(append(entities.Sources(),
		schema.Source{Layer: "site", File: "tour.yaml", Data: []byte(tour)},
		schema.Source{Layer: "site", File: "guide.yaml", Data: []byte(guide)},
		schema.Source{Layer: "site", File: "club.yaml", Data: []byte(club)},
	)...)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := access.LoadRoles(model, []schema.Source{{Layer: "site", File: "clerk.yaml", Data: []byte(clerking)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Prepare(t.Context(), model); err != nil {
		t.Fatal(err)
	}
	var ids, waits atomic.Int64
	clock := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	w := &world{T: t, on: record.Basis{Model: model, Policy: roles, Hooks: hooks}, model: model, store: &failing{store: store}}
	w.instance = func() *party.Service {
		return &party.Service{Journal: w.relay(), Records: &record.Service{
			Store: w.store, Timers: w.store, Region: "DE",
			Now:   func() time.Time { return clock.Add(time.Duration(waits.Load())) },
			Wait:  func(_ context.Context, d time.Duration) { waits.Add(int64(d)) },
			NewID: func() string { return fmt.Sprintf("id-%06d", ids.Add(1)) },
		}}
	}
	w.Service = w.instance()
	return w
}

// failing is a store that fails at one of its commits or when it is to forget, and at all that
// come after it, as if the process had been killed: at the 1st for after = 0.
type failing struct {
	store
	armed bool
	after int

	meanwhile func() // runs once, just before a merge deletes its duplicate; what it writes comes from another instance
}

func (f *failing) Commit(ctx context.Context, e *schema.Entity, changes []core.Change) []error {
	if meanwhile := f.meanwhile; meanwhile != nil && changes[0].Action == core.Merged {
		f.meanwhile = nil
		meanwhile()
	}
	if err := f.step(); err != nil {
		errs := make([]error, len(changes))
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	return f.store.Commit(ctx, e, changes)
}

func (f *failing) Forget(ctx context.Context, e *schema.Entity, ids []string) error {
	if err := f.step(); err != nil {
		return err
	}
	return f.store.Forget(ctx, e, ids)
}

// Cancel is not reached by a process that was killed.
func (f *failing) Cancel(ctx context.Context, plugin, key string) (bool, error) {
	if f.armed {
		return false, &core.Error{Code: core.Unavailable, Message: "The database is down."}
	}
	return f.store.Cancel(ctx, plugin, key)
}

func (f *failing) step() error {
	if f.armed && f.after == 0 {
		return &core.Error{Code: core.Unavailable, Message: "The database is down."}
	}
	f.after--
	return nil
}

func (w *world) entity(name string) *schema.Entity {
	w.Helper()
	e := w.model.Entity(name)
	if e == nil {
		w.Fatalf("there is no entity %s", name)
	}
	return e
}

func (w *world) save(entity string, d record.Draft) *core.Record {
	w.Helper()
	r := w.Records.As(admin, w.on).Save(w.Context(), w.entity(entity), []record.Draft{d}, false)[0]
	if r.Err != nil {
		w.Fatalf("save %s: %v", entity, r.Err)
	}
	return r.Record
}

func (w *world) create(entity string, set map[string]any) *core.Record {
	w.Helper()
	return w.save(entity, record.Draft{Action: core.Created, Set: set})
}

// get returns a record, also a deleted one.
func (w *world) get(entity, id string) *core.Record {
	w.Helper()
	found, err := w.store.Find(w.Context(), w.entity(entity), core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
	if err != nil || len(found) != 1 {
		w.Fatalf("find %s %s = %v, %v", entity, id, found, err)
	}
	return found[0]
}

// tours creates so many tours of the same values.
func (w *world) tours(n int, values map[string]any) {
	w.Helper()
	for _, r := range w.Records.As(admin, w.on).Save(w.Context(), w.entity("tour"), slices.Repeat([]record.Draft{{Action: core.Created, Set: values}}, n), false) {
		if r.Err != nil {
			w.Fatal(r.Err)
		}
	}
}

// stray makes a record refer to a duplicate that is merged, as a writer may
// who has read before the merge and writes after it.
func (w *world) stray(entity, id, path string, duplicate any) {
	w.Helper()
	before := w.get(entity, id)
	after := before.Clone()
	after.Version++
	schema.Put(after.Values, path, duplicate)
	change := core.Change{Action: core.Updated, At: after.UpdatedAt, Before: before, After: after}
	if errs := w.store.Commit(w.Context(), w.entity(entity), []core.Change{change}); errs[0] != nil {
		w.Fatal(errs[0])
	}
}

func (w *world) merge(a core.Actor, from, into string, dryRun bool) (party.Merger, error) {
	return w.Merge(w.Context(), w.on, a, from, into, dryRun)
}

// refused checks what an error says, as lines of text.
func (w *world) refused(err error, code core.Code, want ...string) {
	w.Helper()
	var ours *core.Error
	if !errors.As(err, &ours) {
		w.Fatalf("error = %v, want a %s", err, code)
	}
	got := []string{ours.Message}
	for _, v := range ours.Violations {
		got = append(got, v.Field+" "+v.Message)
	}
	if ours.Code != code || fmt.Sprint(got) != fmt.Sprint(want) {
		w.Errorf("error = %s %q, want %s %q", ours.Code, got, code, want)
	}
}

// hook is a record.Hook made of a function.
type hook func(e *schema.Entity, changes []core.Change) []error

func (h hook) BeforeSave(_ context.Context, _ record.Basis, e *schema.Entity, changes []core.Change) []error {
	return h(e, changes)
}

func (w *world) relay() *journal.Relay { return &journal.Relay{Store: w.store} }
