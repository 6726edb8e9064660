package integrity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/integrity"
	"github.com/openxrm/xrm/core/mongo"
	"github.com/openxrm/xrm/core/mongo/mongotest"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
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
	store record.Store
	on    record.Basis
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

func newWorld(t *testing.T, s record.Store) *world {
	t.Helper()
	sources := entities.Sources()
	for i, text := range []string{definitions, roleOf, visit} {
		sources = append(sources, schema.Source{Layer: "site", File: fmt.Sprint(i, ".yaml"), Data: []byte(text)})
	}
	m, err := schema.Load(sources...)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := access.LoadRoles(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return &world{T: t, store: s, on: record.Basis{Model: m, Policy: roles}, Service: integrity.Service{Records: &record.Service{Store: s, Now: time.Now}}}
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

// find checks everything, so many records at a time.
func (w *world) find(first int) (found []string, checked, parts int) {
	w.Helper()
	for after := ""; ; parts++ {
		part, err := w.Dangling(w.Context(), w.on, admin, after, first)
		if err != nil {
			w.Fatal(err)
		}
		if part.Checked > first {
			w.Errorf("%d records were looked at, want %d at most", part.Checked, first)
		}
		for _, d := range part.Dangling {
			found = append(found, strings.TrimSpace(fmt.Sprintf("%s %s %s -> %s %s %s", d.Entity, d.ID, d.Path, d.To, d.Target, d.Into)))
		}
		checked += part.Checked
		if after = part.Next; after == "" {
			return found, checked, parts + 1
		}
	}
}

func TestReferencesThatLeadNowhereAreFoundWhereverTheyStand(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("person", "ada", false, map[string]any{"name": "Ada", "friends": []any{"bob", "gone"}})
		w.put("person", "bob", true, map[string]any{"name": "Bob", "friends": []any{"lost"}})
		w.put("person", "dup", true, map[string]any{"name": "Ada", "friends": []any{"dup"}})
		w.put("person", "eve", false, map[string]any{"name": "Eve", "roles": []any{"member"}, "last": "v3", "member": map[string]any{"sponsor": "dup"}})
		w.put("visit", "v1", false, map[string]any{"host": "eve", "stops": []any{map[string]any{"guide": "ada"}, map[string]any{"guide": "none"}}})
		w.put("visit", "v2", false, map[string]any{"host": "bob"})
		w.put("visit", "v3", true, map[string]any{"host": "dup", "mergedInto": "a word of its own"})
		want := []string{
			"person ada friends -> person bob",
			"person ada friends -> person gone",
			"person bob friends -> person lost",
			"person eve last -> visit v3",
			"visit v1 stops.guide -> person none",
			"visit v2 host -> member bob",
		}
		for _, first := range []int{1, 2, 3, 1000} {
			found, checked, parts := w.find(first)
			if diff := cmp.Diff(want, found); diff != "" || checked != 7 {
				t := w.T
				t.Errorf("with %d at a time, of %d records in %d parts (-want +got):\n%s", first, checked, parts, diff)
			}
		}
	})
}

func TestAReferenceToAPartyThatWasMergedIsFoundWithTheOneThatItWentInto(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.put("party", "a", false, map[string]any{"kind": "person", "displayName": "A"})
		w.put("party", "b", true, map[string]any{"kind": "person", "displayName": "B", "mergedInto": "a", "roles": []any{"customer"}, "customer": map[string]any{"accountManager": "b"}})
		w.put("party", "c", true, map[string]any{"kind": "person", "displayName": "C", "mergedInto": "b"})
		w.put("party", "d", true, map[string]any{"kind": "person", "displayName": "D"})
		w.put("activity", "1", false, map[string]any{"party": "b", "contact": "a"})
		w.put("activity", "2", true, map[string]any{"party": "d", "contact": "c"})
		want := []string{"activity 1 party -> party b a", "activity 2 contact -> party c b"}
		if found, _, _ := w.find(100); !cmp.Equal(want, found) {
			w.Errorf("found %q, want %q", found, want)
		}
	})
}

func TestOnlyAdministratorsCheckReferences(t *testing.T) {
	onBothStores(t, func(w *world) {
		_, err := w.Dangling(w.Context(), w.on, core.Actor{ID: "r", Roles: []string{"reader"}}, "", 10)
		if want := "References are checked by administrators: the role admin."; core.CodeOf(err) != core.Forbidden || err.Error() != want {
			t.Errorf("error is %v; want %s", err, want)
		}
	})
}
