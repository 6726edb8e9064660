package plugintest

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// askBeforeSave lets the rules of the plugin change or veto what is to be stored.
func (h *Host) askBeforeSave(ctx context.Context, who author, before, after *stored) error {
	for _, name := range h.description.GetBeforeSave() {
		view := h.model.Entity(name)
		if !after.holds(view) {
			continue
		}
		id, end := h.begin(who.user, false)
		answer, err := h.plugin.BeforeSave(ctx, &pluginpb.BeforeSaveRequest{Context: id, Changes: []*pluginpb.Change{
			{Before: before.encode(view), After: after.encode(view)},
		}})
		end()
		if err != nil {
			return fmt.Errorf("ask the plugin about a %s: %w", view.Name, err)
		}
		verdict := answer.GetVerdicts()[0]
		if err := h.refusal(verdict.GetError(), contract.NotSaved(view)); err != nil {
			return err
		}
		changes, err := pluginpb.Decode(verdict.GetPatch())
		if err != nil {
			return err
		}
		if err := contract.CheckPatch(view, changes); err != nil {
			return &sdk.Error{Code: sdk.CodeInternal, Message: "The plugin made a mistake: it " + err.Error()}
		}
		after.set(contract.Stored(view, changes))
	}
	return nil
}

// askBeforeDelete lets the rules of the plugin veto a deletion.
func (h *Host) askBeforeDelete(ctx context.Context, who author, w write, before *stored) error {
	for _, name := range h.description.GetBeforeDelete() {
		view := h.model.Entity(name)
		if !before.holds(view) || w.unruled {
			continue
		}
		id, end := h.begin(who.user, false)
		answer, err := h.plugin.BeforeDelete(ctx, &pluginpb.BeforeDeleteRequest{Context: id, Records: []*pluginpb.Record{before.encode(view)}})
		end()
		if err != nil {
			return fmt.Errorf("ask the plugin about the deletion of a %s: %w", view.Name, err)
		}
		if err := h.refusal(answer.GetVerdicts()[0].GetError(), contract.NotDeleted(view)); err != nil {
			return err
		}
	}
	return nil
}
