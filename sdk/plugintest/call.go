package plugintest

import (
	"cmp"
	"fmt"
	"strconv"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk"
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
	}
}

// within returns the call that a callback belongs to.
func (h *Host) within(id *pluginpb.CallContext) (call, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one, runs := h.running[id.GetToken()]; runs {
		return one, nil
	}
	return call{}, &sdk.Error{Code: sdk.Forbidden, Message: "The call that this belongs to has ended. Ask the host only while a handler runs, with the context that came with it."}
}

// writer is who a callback writes for. what completes "The plugin wanted to".
func (h *Host) writer(id *pluginpb.CallContext, what string) (author, error) {
	one, err := h.within(id)
	if err != nil {
		return author{}, err
	}
	name := h.description.GetName()
	if !one.mayWrite {
		return author{}, &sdk.Error{Code: sdk.Forbidden, Message: fmt.Sprintf("The plugin %s wanted to %s in the middle of a read or of another write. Only its mutations may save.", name, what)}
	}
	if id.GetAsPlugin() {
		return author{via: name}, nil
	}
	return author{user: one.user, via: name}, nil
}
