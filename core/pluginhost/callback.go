package pluginhost

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// callbacks serves one plugin what it asks of the host. It does nothing
// outside of a running call, and everything with the rights of the actor who
// caused that call.
type callbacks struct {
	pluginpb.UnimplementedHostServer
	host     *Host
	plugin   string
	traffic  *traffic
	outgoing *outgoing
	flood    flood
	state    sync.Mutex // one writes at a time, or many at once would pass a bound that none passes
}

func (h *Host) callbacks(plugin string) func(...grpc.ServerOption) *grpc.Server {
	return func(options ...grpc.ServerOption) *grpc.Server {
		t := &traffic{plugin: plugin, wait: h.config.TurnWait}
		s := grpc.NewServer(append(options, t.options(h.config.Budget)...)...)
		pluginpb.RegisterHostServer(s, &callbacks{host: h, plugin: plugin, traffic: t, outgoing: newOutgoing()})
		return s
	}
}

// withRecords is something to do with the records of an entity.
type withRecords func(context.Context, *call, Session, *schema.Entity) error

// records does something with the records of an entity, within the call.
func (c *callbacks) records(ctx context.Context, id *pluginpb.CallContext, entity string, do withRecords) *pluginpb.Error {
	return c.within(ctx, id, c.opened(id, entity, do))
}

// opened does it in the name of whoever asks.
func (c *callbacks) opened(id *pluginpb.CallContext, entity string, do withRecords) func(context.Context, *call) error {
	return func(ctx context.Context, one *call) error {
		e, err := contract.Entity(one.on.Model, entity)
		if err != nil {
			return err
		}
		actor, err := c.actor(one, id.GetAsPlugin())
		if err != nil {
			return err
		}
		return do(ctx, one, c.host.config.Open(actor, one.on), e)
	}
}

// actor is in whose name the plugin asks.
func (c *callbacks) actor(one *call, asPlugin bool) (core.Actor, error) {
	if !asPlugin && !one.actor.IsPlugin() {
		return one.actor, nil
	}
	if !c.host.needs(c.plugin).AsPlugin {
		return core.Actor{}, contract.Unentitled(c.plugin)
	}
	return core.PluginActor(c.plugin), nil
}

// within does something in its turn, and else as during does.
func (c *callbacks) within(ctx context.Context, id *pluginpb.CallContext, do func(context.Context, *call) error) *pluginpb.Error {
	return c.during(ctx, id, func(joined context.Context, one *call) error {
		if err := c.traffic.enter(joined, ctx, one); err != nil {
			return err
		}
		return do(joined, one)
	})
}

// during does something as part of the call that a token proves, no longer
// than that call and its callback last. The error is for the plugin.
func (c *callbacks) during(ctx context.Context, id *pluginpb.CallContext, do func(context.Context, *call) error) *pluginpb.Error {
	one := c.host.calls.find(c.plugin, id.GetToken())
	if one == nil {
		if c.admits() {
			c.host.config.Log.Warn("plugin was refused", "plugin", c.plugin, "error", "it asked outside of a call")
		}
		return toWire(core.Refused(contract.Over()))
	}
	joined, cancel := context.WithCancel(one.ctx)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	if held := budget.From(ctx); held != nil {
		joined = held.Context(joined) // the plugin's, and not of whoever caused the call
	}
	joined = core.OneRequest(joined)
	err := budget.From(ctx).Refused() // what it has sent
	if err == nil {
		err = core.Refused(withoutPanic(func() error {
			one, err := one.asOfNow()
			if err != nil {
				return err
			}
			return do(joined, one)
		}))
	}
	if err == nil {
		return nil
	}
	switch core.CodeOf(err) {
	case core.Internal:
		if joined.Err() == nil {
			one.fault.Store(fault(err))
			c.host.config.Log.Error("callback of plugin failed", "plugin", c.plugin, "call", one.id, "error", err)
		}
	case core.Forbidden:
		if l := one.link.Load(); l != nil {
			l.failed.add(one.method, cut(c.host.secrets.redact("it was refused: "+err.Error()), maxLine))
		}
		if c.admits() {
			c.host.config.Log.Warn("plugin was refused", "plugin", c.plugin, "call", one.id, "in", one.method, "user", one.actor.ID, "error", err)
		}
	}
	return toWire(err)
}

// withoutPanic makes an error of a panic. gRPC does not, and so a plugin that
// finds a mistake of ours would end the host.
func withoutPanic(do func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return do()
}

// admits says whether one more line about what the plugin asks is logged.
func (c *callbacks) admits() bool {
	return c.flood.admits(c.host.config.Log.With("plugin", c.plugin), time.Now())
}
