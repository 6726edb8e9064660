package plugintest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c *callbacks) Publish(_ context.Context, r *pluginpb.PublishRequest) (*pluginpb.PublishResponse, error) {
	who, err := c.writer(r.GetContext(), "publish "+r.GetName())
	if err == nil && naming.IsAction(r.GetName()) {
		err = &sdk.Error{Code: sdk.Invalid, Message: fmt.Sprintf("%q cannot be the name of an event: it is what happens to records. Use another, such as escalated.", r.GetName())}
	}
	if err == nil {
		c.published(who, r)
	}
	return &pluginpb.PublishResponse{Error: toWire(err)}, nil
}

func (c *callbacks) Schedule(_ context.Context, r *pluginpb.ScheduleRequest) (*pluginpb.ScheduleResponse, error) {
	_, err := c.writer(r.GetContext(), "set the timer "+r.GetName())
	if err == nil {
		err = c.knowsTimer(r.GetName())
	}
	due, malformed := time.Parse(time.RFC3339Nano, r.GetDueAt())
	if err == nil && malformed != nil {
		err = &sdk.Error{Code: sdk.Invalid, Message: fmt.Sprintf("The timer %s is due at %q, which is no time such as 2026-01-02T15:04:05Z.", r.GetName(), r.GetDueAt())}
	}
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.timers[[2]string{r.GetName(), r.GetKey()}] = &timer{request: r, due: due}
	}
	return &pluginpb.ScheduleResponse{Error: toWire(err)}, nil
}

func (c *callbacks) Cancel(_ context.Context, r *pluginpb.CancelRequest) (*pluginpb.CancelResponse, error) {
	_, err := c.writer(r.GetContext(), "cancel the timer "+r.GetName())
	if err == nil {
		err = c.knowsTimer(r.GetName())
	}
	if err != nil {
		return &pluginpb.CancelResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := [2]string{r.GetName(), r.GetKey()}
	_, was := c.timers[id]
	delete(c.timers, id)
	return &pluginpb.CancelResponse{Canceled: was}, nil
}

func (c *callbacks) knowsTimer(name string) error {
	known := c.description.GetTimers()
	if slices.Contains(known, name) {
		return nil
	}
	return &sdk.Error{Code: sdk.Invalid, Message: fmt.Sprintf("The plugin %s has no timer %q%s", c.description.GetName(), name, strictyaml.Suggest(name, known))}
}

func (c *callbacks) Secret(_ context.Context, r *pluginpb.SecretRequest) (*pluginpb.SecretResponse, error) {
	if _, err := c.within(r.GetContext()); err != nil {
		return &pluginpb.SecretResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if value, has := c.secrets[r.GetName()]; has {
		return &pluginpb.SecretResponse{Value: value}, nil
	}
	return &pluginpb.SecretResponse{Error: toWire(&sdk.Error{Code: sdk.NotFound, Message: fmt.Sprintf("There is no secret %q. A test gives it with SetSecret.", r.GetName())})}, nil
}
