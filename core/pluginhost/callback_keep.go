package pluginhost

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/contract/kept"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Keeper keeps for plugins what is no record. Both stores are one.
type Keeper interface {
	Schedule(ctx context.Context, t core.Timer) error
	Cancel(ctx context.Context, plugin, key string) (bool, error)
	State(ctx context.Context, plugin, key string) (value []byte, version int64, err error)
	PutState(ctx context.Context, plugin, key string, value []byte, ifVersion int64, expires time.Time) (version int64, err error)
	DeleteState(ctx context.Context, plugin, key string, ifVersion int64) error
	StateSize(ctx context.Context, plugin string) (int64, error)
}

func (c *callbacks) Publish(ctx context.Context, r *pluginpb.PublishRequest) (*pluginpb.PublishResponse, error) {
	answer := &pluginpb.PublishResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		if err := c.mayWrite(one, "publish "+r.GetName()); err != nil {
			return err
		}
		topic, err := contract.ReadEvent(c.plugin, r)
		if err != nil {
			return err
		}
		return c.host.config.Publish(ctx, one.actor, topic, r.GetKey(), r.GetPayload())
	})
	return answer, nil
}

func (c *callbacks) Schedule(ctx context.Context, r *pluginpb.ScheduleRequest) (*pluginpb.ScheduleResponse, error) {
	answer := &pluginpb.ScheduleResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		if err := c.mayWrite(one, "schedule the timer "+r.GetName()); err != nil {
			return err
		}
		var known []string
		if e := c.host.board.find(c.plugin); e.contribution != nil {
			known = e.contribution.Timers
		}
		due, err := contract.ReadTimer(c.plugin, known, r)
		if err != nil {
			return err
		}
		return c.host.config.Keep.Schedule(ctx, core.Timer{Plugin: c.plugin, Key: kept.TimerKey(r.GetName(), r.GetKey()), DueAt: due, Payload: r.GetPayload()})
	})
	return answer, nil
}

func (c *callbacks) Cancel(ctx context.Context, r *pluginpb.CancelRequest) (*pluginpb.CancelResponse, error) {
	answer := &pluginpb.CancelResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		err := c.mayWrite(one, "cancel the timer "+r.GetName())
		if err == nil {
			answer.Canceled, err = c.host.config.Keep.Cancel(ctx, c.plugin, kept.TimerKey(r.GetName(), r.GetKey()))
		}
		return err
	})
	return answer, nil
}

func (c *callbacks) GetState(ctx context.Context, r *pluginpb.GetStateRequest) (*pluginpb.GetStateResponse, error) {
	answer := &pluginpb.GetStateResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, _ *call) (err error) {
		answer.Value, answer.Version, err = c.host.config.Keep.State(ctx, c.plugin, r.GetKey())
		return cmp.Or(err, room(ctx, answer))
	})
	return answer, nil
}

func (c *callbacks) PutState(ctx context.Context, r *pluginpb.PutStateRequest) (*pluginpb.PutStateResponse, error) {
	answer := &pluginpb.PutStateResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		if err := c.mayWrite(one, "keep "+r.GetKey()); err != nil {
			return err
		}
		c.state.Lock()
		defer c.state.Unlock()
		size, err := c.host.config.Keep.StateSize(ctx, c.plugin)
		if err != nil {
			return err
		}
		if err := kept.CheckRoom(c.plugin, size, r.GetValue()); err != nil {
			return err
		}
		var expires time.Time
		if ms := r.GetExpiresAfterMs(); ms > 0 {
			expires = time.Now().Add(time.Duration(ms) * time.Millisecond)
		}
		answer.Version, err = c.host.config.Keep.PutState(ctx, c.plugin, r.GetKey(), r.GetValue(), r.GetIfVersion(), expires)
		return err
	})
	return answer, nil
}

func (c *callbacks) DeleteState(ctx context.Context, r *pluginpb.DeleteStateRequest) (*pluginpb.DeleteStateResponse, error) {
	answer := &pluginpb.DeleteStateResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		if err := c.mayWrite(one, "remove "+r.GetKey()); err != nil {
			return err
		}
		return c.host.config.Keep.DeleteState(ctx, c.plugin, r.GetKey(), r.GetIfVersion())
	})
	return answer, nil
}

func (c *callbacks) Secret(ctx context.Context, r *pluginpb.SecretRequest) (*pluginpb.SecretResponse, error) {
	answer := &pluginpb.SecretResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) (err error) {
		if !slices.Contains(c.host.needs(c.plugin).Secrets, r.GetName()) {
			return &core.Error{Code: core.Forbidden, Message: fmt.Sprintf(
				"The plugin %s may not read the secret %s. Under needs its plugin.yaml has to have secrets: [%s]. Then approve it: xrm plugin approve %s.", c.plugin, r.GetName(), r.GetName(), c.plugin)}
		}
		answer.Value, err = c.host.secrets.read(c.plugin, r.GetName())
		return err
	})
	return answer, nil
}
