package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Hooks returns the rules of these contributions, for every save that is made
// while they hold.
func (h *Host) Hooks(contributions []snapshot.Contribution) []record.Hook {
	if !slices.ContainsFunc(contributions, func(c snapshot.Contribution) bool { return len(c.BeforeSave)+len(c.BeforeDelete) > 0 }) {
		return nil
	}
	return []record.Hook{hook{h, contributions}}
}

// hook asks the plugins of some contributions.
type hook struct {
	*Host
	contributions []snapshot.Contribution
}

var _ record.Hook = hook{}

// BeforeSave hands changes to the rules of the plugins, in the order of their
// names; each sees what the ones before it made of them. A change that a
// plugin has a rule for is refused while the plugin is down: a rule that is
// skipped when inconvenient is not a rule. All rules together have
// Config.RulesTimeout.
func (h hook) BeforeSave(ctx context.Context, on record.Basis, e *schema.Entity, changes []core.Change) []error {
	var all []rule
	for _, c := range h.contributions {
		all = append(all, rules(c, on, e)...)
	}
	if len(all) == 0 {
		return nil
	}
	errs := make([]error, len(changes))
	limited, cancel := context.WithTimeout(ctx, h.config.RulesTimeout)
	defer cancel()
	for _, r := range all {
		var subject []int
		for i, change := range changes {
			if errs[i] == nil && r.concerns(change) {
				subject = append(subject, i)
			}
		}
		if len(subject) > 0 {
			h.judge(limited, r, changes, subject, errs)
		}
	}
	for i, err := range errs {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			errs[i] = &core.Error{
				Code:    core.Unavailable,
				Message: fmt.Sprintf("The plugins that have rules for a %s took more than %s together. Try again in a few seconds.", e.Name, h.config.RulesTimeout),
				Cause:   err,
			}
		}
	}
	return errs
}

// rule is what one plugin has to say about saves or deletions of an entity, as
// it sees it.
type rule struct {
	plugin  string
	on      record.Basis
	view    *schema.Entity
	deletes bool
}

// rules lists those of a plugin for a stored entity.
func rules(c snapshot.Contribution, on record.Basis, e *schema.Entity) []rule {
	var all []rule
	add := func(names []string, deletes bool) {
		for _, name := range names {
			if view := on.Model.Entity(name); view != nil && view.Stored() == e {
				all = append(all, rule{c.Plugin, on, view, deletes})
			}
		}
	}
	add(c.BeforeSave, false)
	add(c.BeforeDelete, true)
	return all
}

// among says whether a contribution, perhaps of another version of the plugin, has
// the rule.
func (r rule) among(c snapshot.Contribution) bool {
	if r.deletes {
		return slices.Contains(c.BeforeDelete, r.view.Name)
	}
	return slices.Contains(c.BeforeSave, r.view.Name)
}

// String names the rule in the words of the sdk.
func (r rule) String() string {
	if r.deletes {
		return "BeforeDelete " + r.view.Name
	}
	return "BeforeSave " + r.view.Name
}

func (r rule) concerns(c core.Change) bool {
	return c.After.Deleted() == r.deletes && r.view.IsHeldBy(c.After.Values)
}

// judge asks one plugin about some of the changes, and does what it says.
func (h *Host) judge(ctx context.Context, r rule, changes []core.Change, subject []int, errs []error) {
	if e := h.board.find(r.plugin); e.link != nil && !r.among(*e.contribution) {
		for _, i := range subject { // or the process would have to answer what it does not know
			errs[i] = &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("The rules of the plugin %s have just changed. Try again.", r.plugin)}
		}
		return
	}
	one := &call{plugin: r.plugin, method: r.String(), actor: changes[subject[0]].Actor, on: r.on}
	session := h.config.Open(core.PluginActor(r.plugin), r.on)
	about := r.askAboutSaves
	if r.deletes {
		about = r.askAboutDeletions
	}
	err := h.ask(ctx, one, h.Terms(r.plugin).Timeouts.Save, func(bounded context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext) error {
		verdicts, err := about(bounded, client, id, session, changes, subject)
		switch {
		case err != nil:
			return err
		case len(verdicts) != len(subject):
			return h.nonsense(one, "gave %d verdicts on %d changes of %s", len(verdicts), len(subject), r.view.Name)
		case slices.ContainsFunc(verdicts, func(v *pluginpb.Verdict) bool { return one.overdue(v.GetError()) }):
			return errOverdue
		}
		for n, i := range subject {
			errs[i] = h.obey(ctx, one, session, r, verdicts[n], changes[i].After)
		}
		return nil
	})
	if err == nil || h.passes(r.plugin, r.view.Name, err) {
		return
	}
	for _, i := range subject {
		errs[i] = err
	}
}

func (r rule) askAboutSaves(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext, s Session, changes []core.Change, subject []int) ([]*pluginpb.Verdict, error) {
	request := &pluginpb.BeforeSaveRequest{Context: id}
	for _, i := range subject {
		before, err := encodeSeen(s, r.view, changes[i].Before)
		if err != nil {
			return nil, err
		}
		after, err := encodeSeen(s, r.view, changes[i].After)
		if err != nil {
			return nil, err
		}
		request.Changes = append(request.Changes, &pluginpb.Change{Before: before, After: after})
	}
	answer, err := client.BeforeSave(ctx, request)
	return answer.GetVerdicts(), err
}

func (r rule) askAboutDeletions(ctx context.Context, client pluginpb.PluginClient, id *pluginpb.CallContext, s Session, changes []core.Change, subject []int) ([]*pluginpb.Verdict, error) {
	request := &pluginpb.BeforeDeleteRequest{Context: id}
	for _, i := range subject {
		stored, err := encodeSeen(s, r.view, changes[i].Before)
		if err != nil {
			return nil, err
		}
		request.Records = append(request.Records, stored)
	}
	answer, err := client.BeforeDelete(ctx, request)
	return answer.GetVerdicts(), err
}

// obey applies one verdict to the record.
func (h *Host) obey(ctx context.Context, one *call, s Session, r rule, v *pluginpb.Verdict, after *core.Record) error {
	if v.GetError() != nil {
		undone := contract.NotSaved
		if r.deletes {
			undone = contract.NotDeleted
		}
		return h.refused(one, v.GetError(), undone(r.view))
	}
	patch, err := pluginpb.Decode(v.GetPatch())
	if err != nil {
		return h.nonsense(one, "answered a patch of %s that cannot be read: %w", r.view.Name, err)
	}
	if len(patch) == 0 || r.deletes {
		return nil
	}
	if err := contract.CheckPatch(r.view, patch); err != nil {
		return h.nonsense(one, "%w", err)
	}
	set := contract.Stored(r.view, patch)
	if err := s.MayWrite(ctx, r.view, core.Updated, slices.Sorted(maps.Keys(set)), after); err != nil {
		return h.nonsense(one, "wanted to set what it may not: %w", err)
	}
	for path, value := range set {
		schema.Put(after.Values, path, value)
	}
	return nil
}
