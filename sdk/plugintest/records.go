package plugintest

import (
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Add stores a record as if it had always been there: its values must fit the
// entity, but no rule of the plugin is asked, and nobody is told.
func (h *Host) Add(entity string, values map[string]any) *sdk.Record {
	h.t.Helper()
	e := h.entity(entity)
	r, err := h.write(h.t.Context(), h.tester(), write{entity: e, Wish: contract.Wish{Set: contract.Stored(e, values)}, unruled: true})
	if err != nil {
		h.t.Fatalf("add a %s: %v", entity, err)
	}
	return r.record(e)
}

// Save creates the record, or updates the one with its id, as a user would:
// through the definition of its entity and the rules of the plugin. A nil
// value clears a field.
func (h *Host) Save(r *sdk.Record) (*sdk.Record, error) {
	h.t.Helper()
	h.needConfiguration()
	e := h.entity(r.Entity)
	saved, err := h.write(h.t.Context(), h.tester(), write{entity: e, Wish: contract.Wish{ID: r.ID, IfVersion: r.Version, Set: contract.Stored(e, r.Values)}})
	if err != nil {
		return nil, shown(err)
	}
	return saved.record(e), nil
}

// Delete deletes a record as a user would, through the rules of the plugin.
func (h *Host) Delete(entity, id string) error {
	h.t.Helper()
	h.needConfiguration()
	_, err := h.write(h.t.Context(), h.tester(), write{entity: h.entity(entity), Wish: contract.Wish{ID: id}, remove: true})
	return shown(err)
}

// Get returns a record as it is stored. One that is not there ends the test.
func (h *Host) Get(entity, id string) *sdk.Record {
	h.t.Helper()
	e := h.entity(entity)
	r := h.store.get(e, id)
	if r == nil {
		h.t.Fatalf("there is no %s %s", entity, id)
	}
	return r.record(e)
}

// Find returns the records that match a filter, by id; a filter that cannot be
// understood ends the test.
func (h *Host) Find(entity string, filter sdk.Filter) []*sdk.Record {
	h.t.Helper()
	e := h.entity(entity)
	encoded, err := pluginpb.Encode(filter)
	if err != nil {
		h.t.Fatal(err)
	}
	parsed, err := contract.ReadFilter(h.model, e, encoded)
	if err != nil {
		h.t.Fatal(shown(err))
	}
	var records []*sdk.Record
	for _, r := range h.store.find(e, parsed) {
		records = append(records, r.record(e))
	}
	return records
}

// entity ends the test unless there is an entity of this name.
func (h *Host) entity(name string) *schema.Entity {
	h.t.Helper()
	e, err := h.model.Find(name)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// tester is who writes when the test does.
func (h *Host) tester() author {
	h.mu.Lock()
	defer h.mu.Unlock()
	return author{user: h.user}
}
