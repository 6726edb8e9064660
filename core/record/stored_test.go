package record_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// site are files of a site by their names.
type site map[string]string

// house is one database under one model after the other, as after restarts.
type house struct {
	*desk
	store record.Store
}

// inBothHouses runs a test on each store.
func inBothHouses(t *testing.T, test func(h *house)) {
	bothstores.Run(t, func(t *testing.T, open func(*testing.T) bothstores.Database) { test(newHouse(t, open(t))) })
}

func newHouse(t *testing.T, s record.Store) *house {
	var ids atomic.Int64
	clock := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	return &house{store: s, desk: &desk{T: t, Service: &record.Service{
		Store: s, Region: "DE",
		Now:   func() time.Time { return clock },
		NewID: func() string { return fmt.Sprintf("id-%06d", ids.Add(1)) },
	}}}
}

// serve takes another model into use.
func (h *house) serve(files site) {
	h.Helper()
	sources := entities.Sources()
	for name, text := range files {
		sources = append(sources, schema.Source{Layer: "site", File: name, Data: []byte(text)})
	}
	var err error
	if h.model, err = schema.Load(sources...); err != nil {
		h.Fatal(err)
	}
	roles, err := access.LoadRoles(h.model, nil)
	if err != nil {
		h.Fatal(err)
	}
	if err := h.store.Prepare(h.Context(), h.model); err != nil {
		h.Fatal(err)
	}
	h.Basis = record.Basis{Model: h.model, Policy: roles}
}

// values are what is stored of a record.
func (h *house) values(entity, id string) map[string]any {
	h.Helper()
	found, err := h.store.Find(h.Context(), h.entity(entity).Stored(), core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
	if err != nil || len(found) != 1 {
		h.Fatalf("%s %s: %v, %v", entity, id, found, err)
	}
	return found[0].Values
}

// has checks values by their storage paths.
func (h *house) has(entity, id string, want map[string]any) {
	h.Helper()
	stored, got := h.values(entity, id), map[string]any{}
	for path := range want {
		got[path] = schema.Lookup(stored, path)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		h.Errorf("%s %s (-want +got):\n%s", entity, id, diff)
	}
}

// erasing is a policy that lets the administrator erase, as an erasure of a party
// does.
type erasing struct{ record.Policy }

func (p erasing) Writable(m *schema.Model, a core.Actor, e *schema.Entity, action core.Action, fields []string) (schema.Filter, error) {
	if action == core.Erased {
		return schema.Filter{}, nil
	}
	return p.Policy.Writable(m, a, e, action, fields)
}

func TestWhatNoFieldKnowsHindersNothingAndIsThereAgain(t *testing.T) {
	t.Parallel()
	inBothHouses(t, func(h *house) {
		whole := site{
			"customer.yaml": "extend: customer\nfields: {churn: {type: decimal, index: true}}\n",
			"party.yaml":    "extend: party\nfields:\n  nick: {type: text, required: true, default: none}\n  lair: {type: object, fields: {floor: {type: integer}, door: {type: text}}}\n",
			"press.yaml":    "role: press\nof: party\nplural: pressContacts\nfields: {medium: {type: text, index: true}}\n",
		}
		h.serve(whole)
		c := h.create("customer", map[string]any{
			"kind": "organization", "displayName": "Test", "customer.number": "C-1", "nick": "Tess", "customer.churn": "5.5", "lair": map[string]any{"floor": int64(1), "door": "left"},
		})
		h.must("press", record.Draft{Action: core.Updated, ID: c.ID, Grant: h.entity("press"), Set: map[string]any{"press.medium": "radio"}})
		hidden := map[string]any{
			"nick": "Tess", "customer.churn": "5.5", "lair.door": "left", "press.medium": "radio", "press.since": "2026-02-28T09:30:00.000Z",
		}

		h.serve(site{"party.yaml": "extend: party\nfields:\n  lair: {type: object, fields: {floor: {type: integer}}}\n"})
		number := h.entity("customer").Field("number")
		h.must("customer", record.Draft{Action: core.Created, By: number, Set: map[string]any{"customer.number": "C-1", "city": "Ulm"}})
		h.must("party", record.Draft{Action: core.Updated, ID: c.ID, Set: map[string]any{"lair": map[string]any{"floor": int64(2)}}})
		h.must("supplier", record.Draft{Action: core.Updated, ID: c.ID, Grant: h.entity("supplier")})
		h.must("customer", record.Draft{Action: core.Updated, ID: c.ID, Withdraw: h.entity("customer")})
		h.must("party", record.Draft{Action: core.Deleted, ID: c.ID})
		h.must("party", record.Draft{Action: core.Restored, ID: c.ID})
		h.Policy = erasing{h.Policy}
		h.must("party", record.Draft{Action: core.Erased, ID: c.ID})
		h.must("customer", record.Draft{Action: core.Updated, ID: c.ID, Grant: h.entity("customer")})
		h.has("party", c.ID, hidden)
		h.has("party", c.ID, map[string]any{"lair.floor": int64(2), "roles": []any{"press", "supplier", "customer"}})
		if _, err := h.as(admin).History(h.Context(), h.entity("party"), c.ID, 20, 0); err != nil {
			h.Error(err)
		}
		h.refused(h.save(admin, "party", record.Draft{Action: core.Updated, ID: c.ID, Set: map[string]any{"nick": "Tom"}})[0].Err,
			core.Invalid, `The party was not saved: some fields need attention.`, `nick is no field`)

		h.serve(whole)
		h.has("party", c.ID, hidden)
		for entity, filter := range map[string]map[string]any{
			"customer": {"churn": map[string]any{"gt": "5"}}, "press": {"medium": map[string]any{"eq": "radio"}},
		} {
			if found, err := h.find(admin, entity, filter); err != nil || len(found) != 1 {
				h.Errorf("by what was hidden of a %s %d records are found (%v), want 1", entity, len(found), err)
			}
		}
	})
}

func TestAnItemKeepsWhatIsHiddenInItForAsLongAsItIsTheSame(t *testing.T) {
	t.Parallel()
	inBothHouses(t, func(h *house) {
		const all = "entity: basket\nfields:\n  name: {type: text}\n  lines: {type: list, of: {type: object, fields: {sku: {type: text}, amount: {type: decimal}, note: {type: text}}}}\n"
		h.serve(site{"basket.yaml": all})
		line := func(sku, note string) map[string]any {
			return map[string]any{"sku": sku, "amount": "2.5", "note": note}
		}
		b := h.create("basket", map[string]any{"name": "old", "lines": []any{line("tea", "gift"), line("tea", "sample"), line("mug", "blue")}})

		h.serve(site{"basket.yaml": "entity: basket\nfields:\n  name: {type: text}\n  lines: {type: list, of: {type: object, fields: {sku: {type: text}}}}\n"})
		h.must("basket", record.Draft{Action: core.Updated, ID: b.ID, Set: map[string]any{"name": "new"}})
		h.has("basket", b.ID, map[string]any{"name": "new", "lines": []any{line("tea", "gift"), line("tea", "sample"), line("mug", "blue")}})

		sku := func(sku string) map[string]any { return map[string]any{"sku": sku} }
		h.must("basket", record.Draft{Action: core.Updated, ID: b.ID, Set: map[string]any{"lines": []any{sku("mug"), sku("tea"), sku("pot")}}})
		h.has("basket", b.ID, map[string]any{"lines": []any{line("mug", "blue"), line("tea", "gift"), sku("pot")}})
		h.must("basket", record.Draft{Action: core.Updated, ID: b.ID, Set: map[string]any{"lines": nil}})
		h.has("basket", b.ID, map[string]any{"lines": nil})
	})
}

func TestANewRequiredFieldWithADefaultDoesNotBlockOldRecords(t *testing.T) {
	t.Parallel()
	inBothHouses(t, func(h *house) {
		h.serve(site{"note.yaml": "entity: note\nfields:\n  text: {type: text}\n  lines: {type: list, of: {type: object, fields: {sku: {type: text}}}}\n"})
		n := h.create("note", map[string]any{"text": "old", "lines": []any{map[string]any{"sku": "tea"}}})

		h.serve(site{"note.yaml": `entity: note
fields:
  text: {type: text}
  kind: {type: enum, options: [memo, letter], required: true, default: memo}
  free: {type: text, default: unset}
  lines: {type: list, of: {type: object, fields: {sku: {type: text}, amount: {type: integer, required: true, default: 1}}}}
`})
		h.must("note", record.Draft{Action: core.Updated, ID: n.ID, Set: map[string]any{"text": "new"}})
		h.has("note", n.ID, map[string]any{"text": "new", "kind": "memo", "free": nil, "lines": []any{map[string]any{"sku": "tea", "amount": int64(1)}}})
		h.refused(h.save(admin, "note", record.Draft{Action: core.Updated, ID: n.ID, Set: map[string]any{"kind": nil}})[0].Err,
			core.Invalid, "The note was not saved: some fields need attention.", "kind is required")

		h.serve(site{"note.yaml": "entity: note\nfields:\n  text: {type: text}\n  author: {type: text, required: true}\n"})
		h.refused(h.save(admin, "note", record.Draft{Action: core.Updated, ID: n.ID, Set: map[string]any{"text": "newest"}})[0].Err,
			core.Invalid, "The note was not saved: some fields need attention.", "author is required")
	})
}

func TestWhatMerelyLiesThereIsNotChecked(t *testing.T) {
	t.Parallel()
	inBothHouses(t, func(h *house) {
		const file = "entity: stock\nfields:\n  name: {type: text}\n  left: {type: integer, min: %s}\n  bins: {type: list, of: {type: object, fields: {left: {type: integer, min: %[1]s}}}}\n"
		h.serve(site{"stock.yaml": fmt.Sprintf(file, "-99")})
		bin := func(left int) map[string]any { return map[string]any{"left": int64(left)} }
		s := h.create("stock", map[string]any{"name": "old", "left": int64(-77), "bins": []any{bin(-7), bin(3)}})

		h.serve(site{"stock.yaml": fmt.Sprintf(file, "0")})
		h.must("stock", record.Draft{Action: core.Updated, ID: s.ID, Set: map[string]any{"name": "new"}})
		h.must("stock", record.Draft{Action: core.Updated, ID: s.ID, Set: map[string]any{"bins": []any{bin(4), bin(-7)}}})
		h.has("stock", s.ID, map[string]any{"name": "new", "left": int64(-77), "bins": []any{bin(4), bin(-7)}})
		h.refused(h.save(admin, "stock", record.Draft{Action: core.Updated, ID: s.ID, Set: map[string]any{"left": int64(-78), "bins": []any{bin(-8)}}})[0].Err,
			core.Invalid, "The stock was not saved: some fields need attention.", "bins[0].left must be at least 0, not -8", "left must be at least 0, not -78")
	})
}
