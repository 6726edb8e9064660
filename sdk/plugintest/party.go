package plugintest

import (
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// MergeParty does what the server does when a party turns out to be another:
// what refers to it is turned, it is deleted, and Deliver tells the plugin. Its
// values and roles are left alone.
func (h *Host) MergeParty(from, into string) {
	h.t.Helper()
	party := h.entity("party")
	for _, id := range []string{from, into} {
		if h.store.get(party, id) == nil {
			h.t.Fatalf("there is no party %s", id)
		}
	}
	for _, e := range h.model.Stored() {
		for _, r := range h.store.find(e, schema.Filter{}) {
			after := r.copied(e, h.tester().id(), h.Now())
			if h.turn(e.Fields, after.values, from, into) {
				h.end("updated", r, after)
			}
		}
	}
	before := h.store.get(party, from)
	after := before.copied(party, h.tester().id(), h.Now())
	after.deletedAt, after.values[schema.MergedField] = after.updatedAt, into
	h.end("merged", before, after)
}

// EraseParty tells the plugin, with Deliver, that a party was erased. Its records
// are left alone.
func (h *Host) EraseParty(id string) {
	h.t.Helper()
	before := h.store.get(h.entity("party"), id)
	if before == nil {
		h.t.Fatalf("there is no party %s", id)
	}
	h.end("erased", before, before.copied(before.entity, h.tester().id(), h.Now()))
}

// ExportParty returns what the plugin hands out about a party, a whole number
// as int64; nil for nothing.
func (h *Host) ExportParty(id string) (any, error) {
	h.t.Helper()
	h.needConfiguration()
	call, end := h.begin(h.tester().user, false)
	defer end()
	answer, err := h.plugin.Export(h.t.Context(), &pluginpb.ExportRequest{Context: call, Party: id})
	if err == nil {
		err = h.refusal(answer.GetError(), "what the plugin keeps about the party was not handed out")
	}
	if err != nil {
		return nil, err
	}
	return decodeOptional(answer.GetData()), nil
}

// end makes a change that no rule is asked about.
func (h *Host) end(action string, before, after *stored) {
	h.t.Helper()
	who := h.tester()
	if err := h.store.swap(swap{before.entity, before, after, func() { h.changed(who, action, before, after) }}); err != nil {
		h.t.Fatalf("%s %s was not %s: %v", before.entity.Name, before.id, action, err)
	}
}

// turn replaces one id by another in all references to a party.
func (h *Host) turn(fields schema.Fields, values map[string]any, from, into string) (turned bool) {
	for _, f := range fields {
		if to := h.model.Entity(f.To); f.Type == "reference" && to.Stored().Name == "party" && values[f.Name] == from {
			values[f.Name], turned = into, true
		}
		if inner, ok := values[f.Name].(map[string]any); ok {
			turned = h.turn(f.Subs(), inner, from, into) || turned
		}
		items, _ := values[f.Name].([]any)
		for i := range items {
			item := map[string]any{f.Of.Name: items[i]}
			turned = h.turn(schema.Fields{f.Of}, item, from, into) || turned
			items[i] = item[f.Of.Name]
		}
	}
	return turned
}
