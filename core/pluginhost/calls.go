package pluginhost

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// call is one running call to a plugin. What the plugin asks of the host in
// the meantime is done in its name.
type call struct {
	id       string
	plugin   string
	actor    core.Actor
	model    *schema.Model
	mayWrite bool
	ctx      context.Context // ends with the call
}

// calls finds the running call that a callback belongs to, by its token.
type calls struct {
	mu      sync.Mutex
	running map[string]*call
}

func (c *calls) begin(one *call) (token string, end func()) {
	token = rand.Text()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[token] = one
	return token, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.running, token)
	}
}

// find returns nil unless the token is that of a running call to this plugin.
func (c *calls) find(plugin, token string) *call {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one := c.running[token]; one != nil && one.plugin == plugin {
		return one
	}
	return nil
}

type depthKey struct{}

// maxDepth is how many calls to plugins may cause each other.
const maxDepth = 5

// ask makes one call to a plugin. It ends at the latest after the timeout, and
// its error is for users.
func (h *Host) ask(ctx context.Context, one *call, timeout time.Duration, rpc func(context.Context, pluginpb.PluginClient, *pluginpb.CallContext) error) error {
	e, _ := h.board.find(one.plugin)
	if e.client == nil {
		return down(one.plugin, nil)
	}
	depth, _ := ctx.Value(depthKey{}).(int)
	if depth++; depth > maxDepth {
		return h.internal(one, fmt.Errorf("calls to plugins caused each other %d times in a row", maxDepth))
	}
	bounded, cancel := context.WithTimeout(context.WithValue(ctx, depthKey{}, depth), timeout)
	defer cancel()
	one.id, one.ctx = rand.Text()[:12], bounded
	one.actor.Via = one.plugin
	token, end := h.calls.begin(one)
	defer end()
	err := rpc(bounded, e.client, &pluginpb.CallContext{CallId: one.id, Token: token, Depth: uint32(depth)})
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the user's time is up, or the user has gone
	}
	return h.transportError(one, err, timeout)
}
