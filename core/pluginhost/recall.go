package pluginhost

import (
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

// supervise begins to keep plugins running. What is in force of them holds when it
// returns.
func (h *Host) supervise(names ...string) {
	h.admission.Lock()
	defer h.admission.Unlock()
	var all []*supervisor
	for _, name := range names {
		if changed, fresh := h.signals.of(name); fresh {
			h.board.add(h.recalled(name))
			all = append(all, &supervisor{Host: h, name: name, log: h.config.Log.With("plugin", name), changed: changed})
		}
	}
	h.recall(all)
	for _, s := range all {
		h.supervisors.Go(func() { s.run(h.running) })
	}
}

// recall makes what is in force of plugins hold, until their processes are there:
// of those that were ended, their entities, and of those that do not fit any more,
// their rules.
func (h *Host) recall(all []*supervisor) {
	var known []*supervisor
	var held []snapshot.Contribution
	for _, s := range all {
		if c := h.board.find(s.name).contribution; c != nil {
			known, held = append(known, s), append(held, *c)
		}
	}
	if len(held) == 0 {
		return
	}
	for i, err := range h.config.Recall(held) {
		s := known[i]
		if err != nil && held[i].Retired {
			s.log.Warn("the entities of the plugin do not fit any more", "error", err)
		} else if err != nil {
			s.log.Warn("what the plugin contributed earlier does not fit any more", "error", err)
		}
		if err != nil {
			s.strip(held[i])
		}
		h.admissions.Add(1)
		h.board.update(s.name, func(e *entry) {
			if err == nil || held[i].Retired {
				e.contribution, e.admitted = &held[i], true
			}
		})
	}
}

// recalled is what is known of a plugin before its process has said anything.
func (h *Host) recalled(name string) *entry {
	e := &entry{status: Status{Name: name, State: Verifying, Since: time.Now()}}
	r := h.register.find(name)
	if c := h.closed(r); c != nil {
		e.contribution, e.status.Version = c, c.Version
		if approval, err := (Approvals{h.plugins}).Find(name); err == nil && approval.Disabled {
			left := c.Data()
			e.contribution = &left
		}
	}
	if d := description(r.Force); d != nil {
		e.configSchema = d.GetConfigSchema()
	}
	h.register.hold(r)
	return e
}

// closed is what holds of a registration where no process of it answers: all that
// it contributes, with rules that fail closed, and of a plugin that has ended its
// entities. nil is nothing.
func (h *Host) closed(r core.Registration) *snapshot.Contribution {
	edition := r.Force
	if r.Next != nil && (r.Moving != nil || !moves(r)) {
		edition = *r.Next
	}
	d := description(edition)
	if d == nil {
		return nil
	}
	c, err := h.contribution(Manifest{Name: r.Plugin, Version: edition.Version}, d)
	if err != nil { // from before an upgrade of xrm, or from after it
		c = &snapshot.Contribution{
			By: h, Plugin: r.Plugin, Version: edition.Version, BeforeSave: d.GetBeforeSave(), BeforeDelete: d.GetBeforeDelete(),
			Rights: access.PluginRights{Plugin: r.Plugin}, Bare: true,
		}
	}
	c.Recalled, c.Migrated = true, true                  // by whoever has put it in force, or nobody reads what it was until it is
	for _, e := range []core.Edition{r.Force, next(r)} { // both hold
		if d := description(e); r.Next != nil && d != nil {
			c.BeforeSave, c.BeforeDelete = union(c.BeforeSave, d.GetBeforeSave()), union(c.BeforeDelete, d.GetBeforeDelete())
		}
	}
	if r.Ended != "" {
		left := c.Data()
		c = &left
	} else if approval, err := (Approvals{h.plugins}).Find(r.Plugin); err == nil {
		c.Rights.File, c.Rights.Roles = approval.Needs.Roles.File, approval.Needs.Roles.Node
	}
	return c
}

// next is what is announced; the zero Edition for nothing.
func next(r core.Registration) core.Edition {
	if r.Next == nil {
		return core.Edition{}
	}
	return *r.Next
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// description is what a plugin said of itself; nil when there is nothing of use.
func description(e core.Edition) *pluginpb.DescribeResponse {
	var d pluginpb.DescribeResponse
	if len(e.Description) == 0 || proto.Unmarshal(e.Description, &d) != nil {
		return nil
	}
	return &d
}
