package plugintest

import (
	"cmp"
	"strconv"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// call is one that the plugin is carrying out.
type call struct {
	user     *pluginpb.User // who caused it; nil for nobody
	mayWrite bool
}

// author is who writes.
type author struct {
	user *pluginpb.User // nil for the plugin itself
	via  string         // the plugin that writes for the user; "" for none
}

// id is what createdBy shows.
func (a author) id() string { return cmp.Or(a.user.GetId(), a.via) }

// begin makes the context of a call. Callbacks that come after end are refused.
func (h *Host) begin(user *pluginpb.User, mayWrite bool) (id *pluginpb.CallContext, end func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls++
	token := strconv.Itoa(h.calls)
	h.running[token] = call{user: user, mayWrite: mayWrite}
	return &pluginpb.CallContext{CallId: token, Token: token, Depth: 1, User: user, Now: schema.Instant(h.now)}, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.running, token)
		delete(h.topics, token)
	}
}

// within returns the call that a callback belongs to.
func (h *Host) within(id *pluginpb.CallContext) (call, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, runs := h.running[id.GetToken()]; runs {
		return one, nil
	}
	return call{}, contract.Over()
}

// writer is who a callback writes for. what completes "The plugin wanted to".
func (h *Host) writer(id *pluginpb.CallContext, what string) (author, error) {
	one, err := h.within(id)
	if err != nil {
		return author{}, err
	}
	name := h.description.GetName()
	if !one.mayWrite {
		return author{}, contract.Effect(name, what)
	}
	if id.GetAsPlugin() {
		return author{via: name}, nil
	}
	return author{user: one.user, via: name}, nil
}

// asked is the entity that a callback asks about, if it may.
func (c *callbacks) asked(id *pluginpb.CallContext, name string) (*schema.Entity, error) {
	if _, err := c.within(id); err != nil {
		return nil, err
	}
	e, err := contract.Entity(c.model, name)
	if err == nil {
		err = c.entitled(id)
	}
	return e, err
}

// entitled refuses a plugin that acts for itself and may not.
func (c *callbacks) entitled(id *pluginpb.CallContext) error {
	one, err := c.within(id)
	if err == nil && (one.user == nil || id.GetAsPlugin()) && !c.asPlugin {
		err = contract.Unentitled(c.description.GetName())
	}
	return err
}
