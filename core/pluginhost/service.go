package pluginhost

import (
	"context"
	"errors"
	"io"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// maxServices is how many services of one process run at a time. They take nothing
// from the calls.
const maxServices = 100

// RunService carries out a service until ctx ends, or until the process does. Its error
// says why it has ended before; it is context.Canceled when it was asked to, also because
// the process is to stop. Each of its callbacks goes by what now returns
// then, and is refused after the end of ctx, or once now is not sure
// that no other instance runs the service.
func (h *Host) RunService(ctx context.Context, now func() (on record.Basis, sure bool), plugin, service string) error {
	e := h.board.find(plugin)
	if e.link == nil {
		return h.down(plugin, nil)
	}
	if err := e.link.streams.enter(ctx, maxSubscriptions+maxServices, 0, 0); err != nil {
		return h.down(plugin, err)
	}
	defer e.link.streams.leave()
	one := &call{plugin: plugin, method: "service " + service, actor: core.PluginActor(plugin), now: now, mayWrite: true}
	one.link.Store(e.link)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.link.streaming, cancel)()
	id, end, err := h.begin(ctx, one)
	if err != nil {
		return err
	}
	defer end()
	reports, err := e.link.plugin.RunService(ctx, &pluginpb.RunServiceRequest{Context: id, Service: service})
	for err == nil {
		var report *pluginpb.ServiceReport
		if report, err = reports.Recv(); err == nil && report.GetError() != nil {
			err = h.refusal(one, report.GetError(), "The service "+service+" has ended")
			one.book()
			return err
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	if ctx.Err() != nil { // the end of the lease, or of this process in order
		return ctx.Err()
	}
	return h.transportError(one, err, 0)
}

// asOfNow is the call as one of its callbacks sees it. What goes on for long would go by
// a model and by roles that hold no more, and may have to be over before it knows that.
func (c *call) asOfNow() (*call, error) {
	if c.now == nil {
		return c, nil
	}
	on, sure := c.now()
	if !sure || c.ctx.Err() != nil {
		return nil, contract.Over()
	}
	seen := &call{id: c.id, plugin: c.plugin, method: c.method, actor: c.actor, on: on, mayWrite: c.mayWrite, key: c.key, ctx: c.ctx, depth: c.depth}
	seen.link.Store(c.link.Load())
	return seen, nil
}
