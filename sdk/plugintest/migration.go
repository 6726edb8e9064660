package plugintest

import (
	"fmt"
	"maps"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Migrate takes the values of a record of one of the plugin's entities from one version of
// its data to another, as an upgrade does; to a lesser one it is the way back. What
// comes of it is held against the definitions where it has the form of now. The plugin
// is asked twice, since the same record has to become the same.
func (h *Host) Migrate(entity string, from, to int, values map[string]any) (map[string]any, error) {
	h.t.Helper()
	e := h.entity(entity)
	after, err := h.migrate(e, from, to, values)
	if err != nil {
		return nil, err
	}
	again, err := h.migrate(e, from, to, values)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(after) {
		h.t.Errorf("the migration of %s gives %v, and then %v, %v; it has to look at nothing but the record", entity, after, again, err)
	}
	if to != contract.DataVersion(h.description) {
		return after, nil
	}
	now, unfit := e.FormNow(after, region)
	if len(unfit) > 0 {
		return nil, shown(e.Unfit(unfit))
	}
	return now, nil
}

func (h *Host) migrate(e *schema.Entity, from, to int, values map[string]any) (map[string]any, error) {
	h.t.Helper()
	encoded, err := pluginpb.Encode(values)
	if err != nil {
		h.t.Fatal(err)
	}
	answer, err := h.plugin.Migrate(h.t.Context(), &pluginpb.MigrateRequest{
		Context: &pluginpb.CallContext{CallId: "migrate"}, From: uint32(from), To: uint32(to),
		Records: []*pluginpb.Record{{Entity: e.Name, Id: "record", Version: 1, Values: encoded}},
	})
	if err != nil {
		return nil, err
	}
	if n := len(answer.GetVerdicts()); n != 1 {
		h.t.Fatalf("the plugin gave %d answers for one record to migrate", n)
	}
	verdict := answer.GetVerdicts()[0]
	if refused := verdict.GetError(); refused != nil {
		return nil, fmt.Errorf("the plugin cannot migrate the %s: %s%s", e.Name, refused.GetMessage(), refused.GetCause())
	}
	patch, err := pluginpb.Decode(verdict.GetPatch())
	if err != nil {
		h.t.Fatal(err)
	}
	after := maps.Clone(values)
	for name, value := range patch {
		if after[name] = value; value == nil {
			delete(after, name)
		}
	}
	return after, nil
}
