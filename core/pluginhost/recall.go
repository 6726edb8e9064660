package pluginhost

import (
	"time"

	"github.com/openxrm/xrm/core/snapshot"
)

// recall makes what is known of plugins from an earlier run hold, until they say
// themselves what they contribute: of those that must not run, their entities, and
// of those that do not fit any more, their rules.
func (h *Host) recall(all []*supervisor) {
	h.admission.Lock()
	defer h.admission.Unlock()
	var known []*supervisor
	var held []snapshot.Contribution
	for _, s := range all {
		c := h.board.find(s.name).contribution
		if c == nil {
			continue
		}
		known = append(known, s)
		if s.absent() {
			held = append(held, c.Data())
		} else {
			held = append(held, *c)
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
	d := h.cache.load(name)
	if d == nil {
		return e
	}
	c, err := h.contribution(Manifest{Name: name, Version: d.GetVersion()}, d)
	if err != nil {
		return e // from before an upgrade of xrm
	}
	c.Recalled = true
	e.contribution, e.configSchema, e.status.Version = c, d.GetConfigSchema(), c.Version
	return e
}
