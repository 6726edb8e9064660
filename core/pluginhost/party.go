package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Exporters are the plugins of some contributions, as far as they keep something
// about parties outside of records.
type Exporters struct {
	host *Host
	all  []snapshot.Contribution
}

// Exporters returns those among these contributions.
func (h *Host) Exporters(contributions []snapshot.Contribution) Exporters {
	all := slices.DeleteFunc(slices.Clone(contributions), func(c snapshot.Contribution) bool { return !c.PartyData.Handled })
	return Exporters{h, all}
}

// ExportParty asks all of them, at once, for what they keep about a party. A
// plugin that does not answer has a part with a Problem. It never returns an
// error.
func (x Exporters) ExportParty(ctx context.Context, on record.Basis, actor core.Actor, id string) ([]core.PluginPart, error) {
	parts := make([]core.PluginPart, len(x.all))
	var asking sync.WaitGroup
	for i, c := range x.all {
		if parts[i].Plugin = c.Plugin; c.Retired {
			parts[i].Problem = fmt.Sprintf("The plugin %s is disabled or removed. Bring it back, and ask again.", c.Plugin)
			continue
		}
		asking.Go(func() {
			data, err := x.host.export(ctx, on, actor, parts[i].Plugin, id)
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

func (h *Host) export(ctx context.Context, on record.Basis, actor core.Actor, plugin, id string) (data json.RawMessage, err error) {
	one := &call{plugin: plugin, method: "export", actor: actor, on: on}
	err = h.ask(ctx, one, h.config.EventTimeout, func(ctx context.Context, client pluginpb.PluginClient, call *pluginpb.CallContext) error {
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

// sayWhoStays puts into each event of a merge which party stands for the one that
// is no more, whatever the plugin may see of parties: it could do nothing
// without. It is the one that does by now: events of two parties come in any
// order, and the other may have been merged itself.
func (h *Host) sayWhoStays(ctx context.Context, on record.Basis, events []core.Event) error {
	for i, e := range events {
		if e.Topic != naming.PartyMerged || e.Entry == nil {
			continue
		}
		into, err := h.stays(ctx, on, e.Entry.RecordID)
		if err != nil {
			return err
		}
		entry := *e.Entry
		entry.Diffs = []core.Diff{{Path: schema.MergedField, To: into}}
		events[i].Entry = &entry
	}
	return nil
}

// stays follows the merges from a party to the one that stands for it.
func (h *Host) stays(ctx context.Context, on record.Basis, id string) (string, error) {
	session := h.config.Open(core.Actor{Roles: []string{core.AdminRole}}, on)
	for followed := map[string]bool{}; !followed[id]; {
		followed[id] = true
		found, err := session.Find(ctx, on.Model.Entity("party"), core.Query{Filter: record.ByIDs([]string{id}), First: 1, Deleted: true})
		if err != nil {
			return "", fmt.Errorf("find the party that %s was merged into: %w", id, err)
		}
		if len(found) == 1 {
			if into, merged := found[0].Values[schema.MergedField].(string); merged && found[0].Deleted() {
				id = into
			}
		}
	}
	return id, nil
}
