package integrity_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/integrity"
	"github.com/openxrm/xrm/core/party"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
	"go.mongodb.org/mongo-driver/v2/bson"
)

const definitions = `entity: person
fields:
  name: {type: text}
  friends: {type: list, of: {type: reference, to: person, inverse: friendOf}}
  last: {type: reference, to: visit, inverse: lastOf}
`

const roleOf = `role: member
of: person
fields:
  sponsor: {type: reference, to: person, inverse: sponsored, onDelete: keep}
`

const visit = `entity: visit
fields:
  mergedInto: {type: text}
  host: {type: reference, to: member}
  stops: {type: list, of: {type: object, fields: {guide: {type: reference, to: person, inverse: guided}}}}
`

var admin = core.Actor{ID: "admin", Roles: []string{core.AdminRole}}

// world is a database with these entities.
type world struct {
	*testing.T
	integrity.Service
	store store
	on    record.Basis
	raw   func(t *testing.T, entity, id, field string) // puts half a number there, as no xrm does
}

type store interface {
	record.Store
	integrity.Timers
	record.Timers
	integrity.Contents
	PutContent(ctx context.Context, id string, from io.Reader) (size int64, err error)
	RemoveContent(ctx context.Context, id string) error
	PostponeTimer(ctx context.Context, plugin, key string, rev int64, due time.Time) error
}

func onBothStores(t *testing.T, test func(w *world)) {
	bothstores.OnDisk(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		d := open(t)
		w := newWorld(t, d)
		w.raw = func(t *testing.T, entity, id, field string) {
			t.Helper()
			if d.Mongo != nil {
				set := bson.D{{Key: "$set", Value: bson.D{{Key: field, Value: 0.5}}}}
				if done, err := d.Mongo.Collection(entity).UpdateOne(t.Context(), bson.D{{Key: "_id", Value: id}}, set); err != nil || done.ModifiedCount != 1 {
					t.Fatal(done, err)
				}
				return
			}
			db, err := sql.Open("sqlite", d.File)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(t.Context(), "UPDATE entity_"+entity+" SET doc = json_set(doc, '$."+field+"', 0.5) WHERE id = ?", id); err != nil {
				t.Fatal(err)
			}
		}
		test(w)
	})
}

func newWorld(t *testing.T, s store) *world {
	t.Helper()
	sorting, _ := s.(integrity.Sorting)
	w := &world{T: t, store: s, Service: integrity.Service{
		Records: &record.Service{Store: s, Now: time.Now}, Timers: s, Sorting: sorting, Contents: s,
		Begun: map[string]func(core.Timer) (record.Begun, error){party.TimerOwner: party.ReadBegun, record.TimerOwner: record.ReadBegun},
	}}
	w.become(definitions, roleOf, visit)
	if err := s.Prepare(t.Context(), w.on.Model); err != nil {
		t.Fatal(err)
	}
	return w
}

// become lets other definitions hold, whatever is stored.
func (w *world) become(definitions ...string) {
	w.Helper()
	sources := entities.Sources()
	for i, text := range definitions {
		sources = append(sources, schema.Source{Layer: "site", File: fmt.Sprint(i, ".yaml"), Data: []byte(text)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		w.Fatal(err)
	}
	roles, err := access.LoadRoles(m, nil)
	if err != nil {
		w.Fatal(err)
	}
	w.on = record.Basis{Model: m, Policy: roles}
}

// put stores a record as it is, whatever it refers to.
func (w *world) put(entity, id string, deleted bool, values map[string]any) {
	w.Helper()
	r := &core.Record{Entity: entity, ID: id, Version: 1, CreatedAt: time.Now(), UpdatedAt: time.Now(), Values: values}
	if deleted {
		r.DeletedAt = time.Now()
	}
	c := core.Change{Action: core.Created, At: time.Now(), After: r}
	if errs := w.store.Commit(w.Context(), w.on.Model.Entity(entity), []core.Change{c}); errs[0] != nil {
		w.Fatal(errs[0])
	}
}

// change stores the next version of a record.
func (w *world) change(entity, id string, action core.Action, at time.Time, values map[string]any) {
	w.Helper()
	e := w.on.Model.Entity(entity)
	found, err := w.store.Find(w.Context(), e, core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
	if err != nil || len(found) != 1 {
		w.Fatal(found, err)
	}
	after := found[0].Clone()
	after.Version, after.UpdatedAt, after.Values = after.Version+1, at, values
	if errs := w.store.Commit(w.Context(), e, []core.Change{{Action: action, At: at, Before: found[0], After: after}}); errs[0] != nil {
		w.Fatal(errs[0])
	}
}

// find checks everything, so many records at a time.
func (w *world) find(first int) (found []string, checked, parts int) {
	w.Helper()
	for after := ""; ; parts++ {
		part, err := w.Check(w.Context(), w.on, admin, after, first)
		if err != nil {
			w.Fatal(err)
		}
		if part.Checked > first {
			w.Errorf("%d records were looked at, want %d at most", part.Checked, first)
		}
		for _, f := range part.Findings {
			found = append(found, fmt.Sprintf("%s %s %s: %s", f.Kind, f.Entity, f.ID, f.Message))
		}
		checked += part.Checked
		if after = part.Next; after == "" {
			return found, checked, parts + 1
		}
	}
}

// finds holds what is found against what should be, whatever the size of the parts.
func (w *world) finds(want ...string) {
	w.Helper()
	for _, first := range []int{1, 3, 1000} {
		if found, _, _ := w.find(first); !cmp.Equal(want, found) {
			w.Errorf("with %d at a time (-want +got):\n%s", first, cmp.Diff(want, found))
		}
	}
}

// prepare makes the store ready for the definitions that hold.
func (w *world) prepare() {
	w.Helper()
	if err := w.store.Prepare(w.Context(), w.on.Model); err != nil {
		w.Fatal(err)
	}
}

func (w *world) timers(owner string) []core.Timer {
	w.Helper()
	list, err := w.store.Timers(w.Context(), owner, 100, "")
	if err != nil {
		w.Fatal(err)
	}
	return list
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
