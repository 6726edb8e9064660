package plugintest

import (
	"context"
	"fmt"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c *callbacks) Publish(_ context.Context, r *pluginpb.PublishRequest) (*pluginpb.PublishResponse, error) {
	who, err := c.writer(r.GetContext(), "publish "+r.GetName())
	topic := ""
	if err == nil {
		topic, err = contract.ReadEvent(c.description.GetName(), r)
	}
	if err == nil {
		c.published(who, topic, r)
	}
	return &pluginpb.PublishResponse{Error: toWire(err)}, nil
}

func (c *callbacks) Schedule(_ context.Context, r *pluginpb.ScheduleRequest) (*pluginpb.ScheduleResponse, error) {
	if _, err := c.writer(r.GetContext(), "schedule the timer "+r.GetName()); err != nil {
		return &pluginpb.ScheduleResponse{Error: toWire(err)}, nil
	}
	due, err := contract.ReadTimer(c.description.GetName(), c.description.GetTimers(), r)
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.timers[[2]string{r.GetName(), r.GetKey()}] = &timer{request: r, due: due}
	}
	return &pluginpb.ScheduleResponse{Error: toWire(err)}, nil
}

func (c *callbacks) Cancel(_ context.Context, r *pluginpb.CancelRequest) (*pluginpb.CancelResponse, error) {
	if _, err := c.writer(r.GetContext(), "cancel the timer "+r.GetName()); err != nil {
		return &pluginpb.CancelResponse{Error: toWire(err)}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := [2]string{r.GetName(), r.GetKey()}
	_, was := c.timers[id]
	delete(c.timers, id)
	return &pluginpb.CancelResponse{Canceled: was}, nil
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
	return &pluginpb.SecretResponse{Error: toWire(&sdk.Error{Code: sdk.CodeNotFound, Message: fmt.Sprintf("There is no secret %q. A test gives it with SetSecret.", r.GetName())})}, nil
}
