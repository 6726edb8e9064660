package record_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// desk is a service over a store in memory, with the shipped entities, an
// entity with a counter, and a role that sees German customers only.
type desk struct {
	*testing.T
	*record.Service
	record.Basis
	model *schema.Model
	store *sqlite.Store
}

const voucher = `
entity: voucher
fields:
  code: {type: text, unique: true, required: true}
  remaining: {type: integer, min: 0}
  worth: {type: decimal}
  owner: {type: reference, to: customer, onDelete: keep}
  seller: {type: reference, to: supplier, inverse: soldVouchers}
  state: {type: state, options: {issued: {next: [redeemed]}, redeemed: {}}, default: issued}
`

const carrier = `
role: carrier
of: party
fields:
  code: {type: text, immutable: true}
`

const germanSales = `
role: german
customer:
  read: {country: {eq: DE}}
  create: {country: {eq: DE}}
  update: {country: {eq: DE}}
  fields: {"*": write, creditLimit: read, note: none}
voucher:
  read: {owner: {country: {eq: DE}}}
order:
  read: true
`

const keeping = `
role: keeper
customer:
  read: true
  fields: {"*": read, email: none}
order:
  read: {customer: {country: {eq: DE}}}
activity:
  read: true
voucher:
  read: {owner: {country: {eq: DE}}}
  create: {owner: {country: {eq: DE}}}
  update: {owner: {country: {eq: DE}}}
`

const scouting = `
role: scout
customer:
  read: true
  fields: {"*": read, email: none}
`

const buying = `
role: buyer
supplier:
  read: {note: {eq: open}}
  fields: {displayName: read}
`

const teaBuying = `
role: teaBuyer
party:
  read: true
supplier:
  read: true
  grant: {category: {eq: Tea}}
`

const granting = `
role: granter
party:
  read: true
supplier:
  read: true
  update: {country: {eq: DE}}
  grant: {country: {eq: DE}}
`

var (
	abroad   = core.Actor{ID: "abroad-1", Roles: []string{"abroad"}}
	admin    = core.Actor{ID: "admin-1", Name: "Ada", Roles: []string{"admin"}}
	german   = core.Actor{ID: "german-1", Roles: []string{"german"}}
	teaBuyer = core.Actor{ID: "teaBuyer-1", Roles: []string{"teaBuyer"}}
	granter  = core.Actor{ID: "granter-1", Roles: []string{"granter"}}
	buyer    = core.Actor{ID: "buyer-1", Roles: []string{"buyer"}}
	keeper   = core.Actor{ID: "keeper-1", Roles: []string{"keeper"}}
	scout    = core.Actor{ID: "scout-1", Roles: []string{"scout"}}
	nobody   = core.Actor{ID: "nobody-1", Roles: []string{"unheardOf"}}
)

func newDesk(t *testing.T, hooks ...record.Hook) *desk {
	t.Helper()
	model, err := schema.Load(append(entities.Sources(),
		schema.Source{Layer: "site", File: "voucher.yaml", Data: []byte(voucher)},
		schema.Source{Layer: "site", File: "carrier.yaml", Data: []byte(carrier)})...)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := access.LoadRoles(model, []schema.Source{
		{Layer: "site", File: "german.yaml", Data: []byte(germanSales)}, {Layer: "site", File: "scout.yaml", Data: []byte(scouting)},
		{Layer: "site", File: "buyer.yaml", Data: []byte(buying)}, {Layer: "site", File: "keeper.yaml", Data: []byte(keeping)},
		{Layer: "site", File: "granter.yaml", Data: []byte(granting)}, {Layer: "site", File: "teaBuyer.yaml", Data: []byte(teaBuying)},
	})
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.OpenMemory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	if err := store.Prepare(t.Context(), model); err != nil {
		t.Fatal(err)
	}
	var ids atomic.Int64
	clock := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	return &desk{T: t, model: model, store: store, Basis: record.Basis{Model: model, Policy: roles, Hooks: hooks}, Service: &record.Service{
		Store: store, Region: "DE",
		Now:   func() time.Time { return clock },
		NewID: func() string { return fmt.Sprintf("id-%06d", ids.Add(1)) },
	}}
}

func (d *desk) entity(name string) *schema.Entity {
	d.Helper()
	e, err := d.model.Find(name)
	if err != nil {
		d.Fatal(err)
	}
	return e
}

func (d *desk) as(a core.Actor) *record.Session { return d.As(a, d.Basis) }

// save runs drafts and returns their results.
func (d *desk) save(a core.Actor, entity string, drafts ...record.Draft) []record.Result {
	d.Helper()
	return d.as(a).Save(d.Context(), d.entity(entity), drafts, false)
}

// must saves one draft as the administrator and returns the record.
func (d *desk) must(entity string, draft record.Draft) *core.Record {
	d.Helper()
	result := d.save(admin, entity, draft)[0]
	if result.Err != nil {
		d.Fatalf("save %s %v: %v", entity, draft, result.Err)
	}
	return result.Record
}

func (d *desk) create(entity string, set map[string]any) *core.Record {
	d.Helper()
	return d.must(entity, record.Draft{Action: core.Created, Set: set})
}

// customer creates a customer of a country.
func (d *desk) customer(name, country string) *core.Record {
	d.Helper()
	return d.create("customer", map[string]any{"kind": "organization", "displayName": name, "country": country})
}

func (d *desk) find(a core.Actor, entity string, filter map[string]any) ([]*core.Record, error) {
	d.Helper()
	parsed, err := d.model.ParseFilter(d.entity(entity), filter, false)
	if err != nil {
		d.Fatal(err)
	}
	return d.as(a).Find(d.Context(), d.entity(entity), core.Query{Filter: parsed, First: -1})
}

// refused checks the code, the message and the violations of an error, as
// lines of text.
func (d *desk) refused(err error, code core.Code, want ...string) {
	d.Helper()
	var ours *core.Error
	if !errors.As(err, &ours) {
		d.Fatalf("error = %v, want a %s", err, code)
	}
	got := []string{ours.Message}
	for _, v := range ours.Violations {
		got = append(got, v.Field+" "+v.Message)
	}
	if ours.Code != code || fmt.Sprint(got) != fmt.Sprint(want) {
		d.Errorf("error = %s %q, want %s %q", ours.Code, got, code, want)
	}
}

// hook is a record.Hook made of a function.
type hook func(e *schema.Entity, changes []core.Change) []error

func (h hook) BeforeSave(_ context.Context, _ record.Basis, e *schema.Entity, changes []core.Change) []error {
	return h(e, changes)
}
