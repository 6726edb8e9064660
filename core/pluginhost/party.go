package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// The topics of which a plugin is told that keeps something about parties.
const (
	partyMerged = "party.merged"
	partyErased = "party.erased"
)

// ExportParty asks all plugins, at once, for what they keep about a party
// outside of records. A plugin that does not answer has a part with a Problem.
// It never returns an error.
func (h *Host) ExportParty(ctx context.Context, m *schema.Model, actor core.Actor, id string) ([]core.PluginPart, error) {
	all, _ := h.Contributions()
	var parts []core.PluginPart
	for _, c := range all {
		if c.PartyData.Handled {
			parts = append(parts, core.PluginPart{Plugin: c.Plugin})
		}
	}
	var asking sync.WaitGroup
	for i := range parts {
		asking.Go(func() {
			data, err := h.export(ctx, m, actor, parts[i].Plugin, id)
			parts[i].Data = data
			var shown *core.Error
			switch {
			case errors.As(err, &shown):
				parts[i].Problem = shown.Message
			case err != nil: // the request is over
				parts[i].Problem = "It was not asked to the end."
			}
		})
	}
	asking.Wait()
	return parts, nil
}

func (h *Host) export(ctx context.Context, m *schema.Model, actor core.Actor, plugin, id string) (data json.RawMessage, err error) {
	one := &call{plugin: plugin, method: "export", actor: actor, model: m}
	err = h.ask(ctx, one, h.Terms(plugin).Timeouts.Query, func(ctx context.Context, client pluginpb.PluginClient, call *pluginpb.CallContext) error {
		answer, err := client.Export(ctx, &pluginpb.ExportRequest{Context: call, Party: id})
		switch {
		case err != nil:
			return err
		case answer.GetError() != nil:
			return h.refusal(one, answer.GetError(), "what it keeps about the party was not handed out")
		case len(answer.GetData()) > 0 && !json.Valid(answer.GetData()):
			return h.nonsense(one, "handed out something about a party that is no JSON")
		}
		data = answer.GetData()
		return nil
	})
	return data, err
}
