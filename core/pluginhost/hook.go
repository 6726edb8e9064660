package pluginhost

import (
	"context"
	"fmt"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

var _ record.Hook = (*Host)(nil)

// BeforeSave hands changes to the rules of the plugins, in the order of their
// names; each sees what the ones before it made of them. A change that a
// plugin has a rule for is refused while the plugin is down: a rule that is
// skipped when inconvenient is not a rule. Deletions pass.
func (h *Host) BeforeSave(ctx context.Context, m *schema.Model, e *schema.Entity, changes []core.Change) []error {
	var errs []error
	contributions, _ := h.Contributions()
	for _, c := range contributions {
		for _, name := range c.BeforeSave {
			view := m.Entity(name)
			if view == nil || view.Stored() != e {
				continue
			}
			var subject []int
			for i, change := range changes {
				if (errs == nil || errs[i] == nil) && !change.After.Deleted() && holds(view, change.After) {
					subject = append(subject, i)
				}
			}
			if len(subject) == 0 {
				continue
			}
			if errs == nil {
				errs = make([]error, len(changes))
			}
			h.judge(ctx, m, c.Plugin, view, changes, subject, errs)
		}
	}
	return errs
}

// holds says whether a record is seen through a view.
func holds(view *schema.Entity, r *core.Record) bool {
	if !view.IsRole() {
		return true
	}
	held, _ := r.Values[schema.RolesField].([]any)
	return slices.Contains(held, any(view.Name))
}

// judge asks one plugin about some of the changes, and does what it says.
func (h *Host) judge(ctx context.Context, m *schema.Model, plugin string, view *schema.Entity, changes []core.Change, subject []int, errs []error) {
	one := &call{plugin: plugin, method: "BeforeSave " + view.Name, actor: changes[subject[0]].Actor, model: m}
	var verdicts []*pluginpb.Verdict
	err := h.ask(ctx, one, h.Terms(plugin).Timeouts.Save, func(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		request := &pluginpb.BeforeSaveRequest{Context: id}
		for _, i := range subject {
			before, err := encode(view, changes[i].Before)
			if err != nil {
				return err
			}
			after, err := encode(view, changes[i].After)
			if err != nil {
				return err
			}
			request.Changes = append(request.Changes, &pluginpb.Change{Before: before, After: after})
		}
		answer, err := client.BeforeSave(ctx, request)
		if err != nil {
			return err
		}
		if verdicts = answer.GetVerdicts(); len(verdicts) != len(subject) {
			return h.nonsense(one, "gave %d verdicts on %d changes of %s", len(verdicts), len(subject), view.Name)
		}
		return nil
	})
	if err != nil && h.passes(plugin, view.Name, err) {
		return
	}
	for n, i := range subject {
		if errs[i] = err; err == nil {
			errs[i] = h.obey(one, view, verdicts[n], changes[i].After)
		}
	}
}

// obey applies one verdict to the record.
func (h *Host) obey(one *call, view *schema.Entity, v *pluginpb.Verdict, r *core.Record) error {
	if v.GetError() != nil {
		return h.refusal(one, v.GetError(), fmt.Sprintf("The %s was not saved", view.Name))
	}
	patch, err := pluginpb.Decode(v.GetPatch())
	if err != nil {
		return h.nonsense(one, "answered a patch of %s that cannot be read: %w", view.Name, err)
	}
	for name := range patch {
		if f := view.Field(name); f == nil || f.System {
			return h.nonsense(one, "wanted to set %s.%s, which is no field that can be set", view.Name, name)
		}
	}
	for path, value := range stored(view, patch) {
		schema.Put(r.Values, path, value)
	}
	return nil
}
