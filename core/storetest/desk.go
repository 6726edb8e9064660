package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
)

type values = map[string]any

// desk is where a test works: an open store, the model, and short words for
// what a test does all the time. Every word fails the test when it fails.
type desk struct {
	Store
	t             *testing.T
	ctx           context.Context
	model         *schema.Model
	thing, person *schema.Entity
	people        []*core.Record // that live, for decided
	clock         time.Time
	drawn         int
	beside        func(t *testing.T, s Store) Store
}

func newDesk(t *testing.T, s Store, beside func(*testing.T, Store) Store) *desk {
	t.Helper()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	d := &desk{Store: s, t: t, ctx: t.Context(), model: loadModel(t, definitions...), clock: time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC), beside: beside}
	d.thing, d.person = d.model.Entity("thing"), d.model.Entity("person")
	if err := s.Prepare(d.ctx, d.model); err != nil {
		t.Fatalf("Prepare: %v", err)
	}
	return d
}

// another opens the database as another instance does, or is the same store
// where nobody else can.
func (d *desk) another() Store {
	d.t.Helper()
	if d.beside == nil {
		return d.Store
	}
	s := d.beside(d.t, d.Store)
	d.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			d.t.Errorf("Close of another instance: %v", err)
		}
	})
	if err := s.Prepare(d.ctx, d.model); err != nil {
		d.t.Fatalf("Prepare of another instance: %v", err)
	}
	return s
}

// now ticks: no two moments of a test are the same.
func (d *desk) now() time.Time {
	d.clock = d.clock.Add(1500 * time.Millisecond)
	return d.clock
}

func (d *desk) id() string {
	d.drawn++
	return fmt.Sprintf("0190b7f2-0000-7000-8000-%012d", d.drawn)
}

func actor() core.Actor {
	return core.Actor{ID: "u1", Name: "Ütz", Roles: []string{"sales"}, Party: "p1", Via: "complaints"}
}

// creation is the change that creates a record with these values.
func (d *desk) creation(e *schema.Entity, v values) core.Change {
	at := d.now()
	return core.Change{Actor: actor(), At: at, Action: core.Created, After: &core.Record{
		Entity: e.Name, ID: d.id(), Version: 1, CreatedAt: at, CreatedBy: "u1", UpdatedAt: at, UpdatedBy: "u1", Values: v,
	}}
}

// next is the change from before to its next version with these values.
func (d *desk) next(action core.Action, before *core.Record, v values) core.Change {
	at := d.now()
	after := before.Clone()
	after.Version++
	after.UpdatedAt, after.UpdatedBy, after.Values = at, "u2", v
	switch action {
	case core.Deleted:
		after.DeletedAt = at
	case core.Restored:
		after.DeletedAt = time.Time{}
	}
	return core.Change{Actor: actor(), At: at, Action: action, Before: before.Clone(), After: after}
}

func (d *desk) try(e *schema.Entity, changes ...core.Change) []error {
	d.t.Helper()
	errs := d.Commit(d.ctx, e, changes)
	if len(errs) != len(changes) {
		d.t.Fatalf("Commit of %d changes returned %d errors; want one for each", len(changes), len(errs))
	}
	return errs
}

func (d *desk) commit(e *schema.Entity, changes ...core.Change) {
	d.t.Helper()
	for i, err := range d.try(e, changes...) {
		if err != nil {
			d.t.Fatalf("Commit: change %d: %v", i, err)
		}
	}
}

func (d *desk) create(e *schema.Entity, v values) *core.Record {
	d.t.Helper()
	c := d.creation(e, v)
	d.commit(e, c)
	return c.After.Clone()
}

// createAll creates one thing for each of the values, in one commit.
func (d *desk) createAll(e *schema.Entity, all ...values) []*core.Record {
	d.t.Helper()
	var changes []core.Change
	var records []*core.Record
	for _, v := range all {
		changes = append(changes, d.creation(e, v))
		records = append(records, changes[len(changes)-1].After.Clone())
	}
	d.commit(e, changes...)
	return records
}

func (d *desk) do(e *schema.Entity, action core.Action, before *core.Record, v values) *core.Record {
	d.t.Helper()
	c := d.next(action, before, v)
	d.commit(e, c)
	return c.After.Clone()
}

func (d *desk) find(e *schema.Entity, q core.Query) []*core.Record {
	d.t.Helper()
	found, err := d.Find(d.ctx, e, q)
	if err != nil {
		d.t.Fatalf("Find(%+v): %v", q, err)
	}
	return found
}

// get returns the stored record, deleted or not, or nil.
func (d *desk) get(e *schema.Entity, id string) *core.Record {
	d.t.Helper()
	found := d.find(e, core.Query{Filter: d.where(e, values{"id": values{"eq": id}}), Deleted: true, First: -1})
	if len(found) > 1 {
		d.t.Fatalf("Find by id %s returned %d records", id, len(found))
	}
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

func (d *desk) history(e *schema.Entity, id string) []core.Entry {
	d.t.Helper()
	entries, err := d.History(d.ctx, e, id, 1000, 0)
	if err != nil {
		d.t.Fatalf("History(%s): %v", id, err)
	}
	return entries
}

// where reads a filter as a caller writes it.
func (d *desk) where(e *schema.Entity, raw values) schema.Filter {
	d.t.Helper()
	f, err := d.model.ParseFilter(e, raw, false)
	if err != nil {
		d.t.Fatalf("ParseFilter(%v): %v", raw, err)
	}
	return f
}

// order reads sort keys such as "name" and "-place.city".
func order(e *schema.Entity, keys ...string) []core.Order {
	var orders []core.Order
	for _, key := range keys {
		path := strings.TrimPrefix(key, "-")
		f, _ := e.At(path)
		orders = append(orders, core.Order{Path: path, Field: f, Descending: path != key, Collated: e.Stored().Collates(path)})
	}
	return orders
}

// same compares; nil and empty are the same.
func (d *desk) same(what string, got, want any) {
	d.t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		d.t.Errorf("%s: -want +got:\n%s", what, diff)
	}
}

// refused wants a Conflict with one violation of this rule and, when a field
// is named, of this field.
func (d *desk) refused(err error, rule, field string) {
	d.t.Helper()
	var ours *core.Error
	if !errors.As(err, &ours) || ours.Code != core.Conflict || len(ours.Violations) != 1 {
		d.t.Fatalf("error is %v; want a Conflict with one violation", err)
	}
	if v := ours.Violations[0]; v.Rule != rule || field != "" && v.Field != field {
		d.t.Errorf("violation is rule %q of field %q; want %q of %q", v.Rule, v.Field, rule, field)
	}
}

func ids(records []*core.Record) []string {
	list := []string{}
	for _, r := range records {
		list = append(list, r.ID)
	}
	return list
}
