package pluginhost

import (
	"context"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/snapshot"
)

// keepUp tells the registry that this instance runs, and takes up what others have
// changed there, until ctx is done.
func (h *Host) keepUp(ctx context.Context) {
	told := false
	for {
		every := h.config.LookEvery
		if h.register.moving() {
			every /= 10
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return
		}
		err := h.catchUp(ctx)
		if err != nil && !told && ctx.Err() == nil {
			h.config.Log.Warn("which plugins are in force cannot be read; trying on", "error", err)
		}
		told = err != nil
	}
}

// catchUp renews the lease of this instance, and goes by what others have changed.
func (h *Host) catchUp(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, h.config.Lease)
	defer cancel()
	away := h.register.away()
	until, err := h.attend(bounded)
	if err != nil {
		return err
	}
	if err := h.register.read(bounded); err != nil {
		return err
	}
	behind := h.register.behind()
	for _, r := range behind {
		h.adopt(r)
	}
	if away {
		h.rejoin(until)
	}
	if len(behind) == 0 {
		return nil
	}
	_, err = h.attend(bounded) // whoever waits for this instance goes on
	return err
}

// rejoin lets this instance count again, which has taken a lease since it was away and
// then read what the others have changed.
func (h *Host) rejoin(until time.Time) {
	if h.config.Rejoin != nil {
		h.config.Rejoin()
	}
	h.register.rejoined(until)
}

// attend says that this instance runs, and by what it goes. It returns until when the
// others wait for it.
func (h *Host) attend(ctx context.Context) (until time.Time, err error) {
	began := time.Now()
	err = h.register.store.Attend(ctx, h.register.presence(), h.config.Lease)
	until = began.Add(h.config.Lease * 9 / 10) // before the others go on without us
	if err == nil {
		h.register.renewed(until)
	}
	return until, err
}

// Tenure is another number after others may have gone on without this instance, and
// 0 while they may.
func (h *Host) Tenure() int64 {
	h.register.mu.Lock()
	defer h.register.mu.Unlock()
	if !h.register.counts() {
		return 0
	}
	return h.register.tenure
}

// leave says that this instance runs no more. When that fails, its lease ends.
func (h *Host) leave() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := h.register.store.Leave(ctx, h.register.instance); err != nil && core.CodeOf(err) != core.Unavailable {
		return err
	}
	return nil
}

// adopt lets hold what another instance has put in force, or is about to: with
// rules that fail closed, unless the process of this instance is of the very same
// content.
func (h *Host) adopt(r core.Registration) {
	if !h.signals.know(r.Plugin) {
		h.supervise(r.Plugin)
		return
	}
	h.admission.Lock()
	defer h.admission.Unlock()
	r = h.register.find(r.Plugin)
	defer h.register.hold(r)
	if h.serves(r) {
		return
	}
	if r.Ended == "" {
		h.close(r)
	}
	h.signals.give(r.Plugin)
}

// serves says whether what holds here is what the registration says, or what this
// instance itself is about to put in force.
func (h *Host) serves(r core.Registration) bool {
	if r.Next != nil {
		return r.Announcer == h.register.instance
	}
	e := h.board.find(r.Plugin)
	return r.Ended == "" && e.link != nil && e.digest == r.Force.Digest
}

// close puts what is in force in the place of what holds here, without a process
// that answers for it. It is called by whoever holds the admission.
func (h *Host) close(r core.Registration) {
	c := h.closed(r)
	if c == nil && h.board.find(r.Plugin).contribution == nil {
		return
	}
	if c == nil { // what was announced was taken back, and nothing was in force before
		c = &snapshot.Contribution{By: h, Plugin: r.Plugin, Rights: access.PluginRights{Plugin: r.Plugin}}
	}
	shut := func() {
		h.board.update(r.Plugin, func(e *entry) { e.contribution, e.admitted, e.link, e.digest = c, true, nil, "" })
	}
	if err := h.config.Admit(snapshot.Offer{Contribution: *c, Ready: shut}); err != nil {
		log := h.config.Log.With("plugin", r.Plugin)
		log.Warn("what is in force of the plugin does not fit here", "version", c.Version, "error", err)
		left := c.Remainder()
		if err := h.config.Admit(snapshot.Offer{Contribution: left}); err != nil {
			log.Error("the rules of the plugin are not as they should be", "error", err)
		}
		shut()
	}
	h.admissions.Add(1)
}
