package pluginhost

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/naming"
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
		if naming.IsAction(r.GetName()) {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("%q cannot be the name of an event: it is what happens to records. Use another, such as escalated.", r.GetName())}
		}
		if !isEventName(r.GetName()) {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("%q cannot be the name of an event; use letters and digits, such as escalated.", r.GetName())}
		}
		if len(r.GetPayload()) > 0 && !json.Valid(r.GetPayload()) {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The payload of %s is no JSON.", r.GetName())}
		}
		return c.host.config.Publish(ctx, one.actor, c.plugin+"."+r.GetName(), r.GetKey(), r.GetPayload())
	})
	return answer, nil
}

func isEventName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0
}

func (c *callbacks) Schedule(ctx context.Context, r *pluginpb.ScheduleRequest) (*pluginpb.ScheduleResponse, error) {
	answer := &pluginpb.ScheduleResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		if err := c.mayWrite(one, "schedule the timer "+r.GetName()); err != nil {
			return err
		}
		e := c.host.board.find(c.plugin)
		if e.contribution == nil || !slices.Contains(e.contribution.Timers, r.GetName()) {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The plugin %s handles no timer %q.", c.plugin, r.GetName())}
		}
		due, err := time.Parse(time.RFC3339Nano, r.GetDueAt())
		if err != nil {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("%q is no time such as 2026-01-02T15:04:05Z.", r.GetDueAt())}
		}
		return c.host.config.Keep.Schedule(ctx, core.Timer{Plugin: c.plugin, Key: timerKey(r.GetName(), r.GetKey()), DueAt: due, Payload: r.GetPayload()})
	})
	return answer, nil
}

// timerKey is under what a timer of a plugin is kept: names have no slash.
func timerKey(name, key string) string { return name + "/" + key }

func splitTimerKey(kept string) (name, key string) {
	name, key, _ = strings.Cut(kept, "/")
	return name, key
}

func (c *callbacks) Cancel(ctx context.Context, r *pluginpb.CancelRequest) (*pluginpb.CancelResponse, error) {
	answer := &pluginpb.CancelResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, one *call) error {
		err := c.mayWrite(one, "cancel the timer "+r.GetName())
		if err == nil {
			answer.Canceled, err = c.host.config.Keep.Cancel(ctx, c.plugin, timerKey(r.GetName(), r.GetKey()))
		}
		return err
	})
	return answer, nil
}

func (c *callbacks) GetState(ctx context.Context, r *pluginpb.GetStateRequest) (*pluginpb.GetStateResponse, error) {
	answer := &pluginpb.GetStateResponse{}
	answer.Error = c.within(ctx, r.GetContext(), func(ctx context.Context, _ *call) (err error) {
		answer.Value, answer.Version, err = c.host.config.Keep.State(ctx, c.plugin, r.GetKey())
		return err
	})
	return answer, nil
}

// maxState is how many bytes one plugin may keep.
const maxState = 64 << 20

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
		if size+int64(len(r.GetValue())) > maxState {
			return &core.Error{Code: core.Invalid, Message: fmt.Sprintf("The plugin %s keeps %d bytes already; at most %d are allowed. Remove what is not needed, or let it expire.", c.plugin, size, maxState)}
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
