package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

func (c caller) Publish(ctx context.Context, name, key string, payload any) error {
	encoded, err := pluginpb.EncodeAny(payload)
	if err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	answer, err := c.host.Publish(ctx, &pluginpb.PublishRequest{Context: c.context, Name: name, Key: key, Payload: encoded})
	if err != nil {
		return fmt.Errorf("publish %s at the host: %w", name, err)
	}
	return errorFromWire(answer.GetError())
}

func (c caller) Schedule(ctx context.Context, t Timer) error {
	request := &pluginpb.ScheduleRequest{Context: c.context, Name: t.Name, Key: t.Key, DueAt: t.DueAt.UTC().Format(time.RFC3339Nano)}
	if t.Payload != nil {
		encoded, err := json.Marshal(t.Payload)
		if err != nil {
			return fmt.Errorf("schedule the timer %s: %w", t.Name, err)
		}
		request.Payload = encoded
	}
	answer, err := c.host.Schedule(ctx, request)
	if err != nil {
		return fmt.Errorf("schedule the timer %s at the host: %w", t.Name, err)
	}
	return errorFromWire(answer.GetError())
}

func (c caller) Cancel(ctx context.Context, name, key string) (bool, error) {
	answer, err := c.host.Cancel(ctx, &pluginpb.CancelRequest{Context: c.context, Name: name, Key: key})
	if err != nil {
		return false, fmt.Errorf("cancel the timer %s at the host: %w", name, err)
	}
	return answer.GetCanceled(), errorFromWire(answer.GetError())
}

func (c caller) State(ctx context.Context, key string, into any) (int64, error) {
	answer, err := c.host.GetState(ctx, &pluginpb.GetStateRequest{Context: c.context, Key: key})
	switch {
	case err != nil:
		return 0, fmt.Errorf("read the state %s at the host: %w", key, err)
	case answer.GetError() != nil:
		return 0, errorFromWire(answer.GetError())
	case answer.GetVersion() == 0:
		return 0, nil
	}
	if err := json.Unmarshal(answer.GetValue(), into); err != nil {
		return 0, fmt.Errorf("read the state %s: %w", key, err)
	}
	return answer.GetVersion(), nil
}

func (c caller) PutState(ctx context.Context, key string, value any, ifVersion int64, expires time.Duration) (int64, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return 0, fmt.Errorf("keep the state %s: %w", key, err)
	}
	answer, err := c.host.PutState(ctx, &pluginpb.PutStateRequest{
		Context: c.context, Key: key, Value: encoded, IfVersion: ifVersion, ExpiresAfterMs: expires.Milliseconds(),
	})
	if err != nil {
		return 0, fmt.Errorf("keep the state %s at the host: %w", key, err)
	}
	return answer.GetVersion(), errorFromWire(answer.GetError())
}

func (c caller) DeleteState(ctx context.Context, key string, ifVersion int64) error {
	answer, err := c.host.DeleteState(ctx, &pluginpb.DeleteStateRequest{Context: c.context, Key: key, IfVersion: ifVersion})
	if err != nil {
		return fmt.Errorf("remove the state %s at the host: %w", key, err)
	}
	return errorFromWire(answer.GetError())
}

func (c caller) Call(ctx context.Context, operation string, arguments map[string]any, into any) error {
	encoded, err := pluginpb.Encode(arguments)
	if err != nil {
		return fmt.Errorf("call %s: %w", operation, err)
	}
	answer, err := c.host.Call(ctx, &pluginpb.CallRequest{Context: c.context, Operation: operation, Arguments: encoded})
	switch {
	case err != nil:
		return fmt.Errorf("call %s at the host: %w", operation, err)
	case answer.GetError() != nil:
		return errorFromWire(answer.GetError())
	case into == nil || len(answer.GetResult()) == 0:
		return nil
	}
	if err := json.Unmarshal(answer.GetResult(), into); err != nil {
		return fmt.Errorf("read the result of %s: %w", operation, err)
	}
	return nil
}

func (c caller) Secret(ctx context.Context, name string) (string, error) {
	answer, err := c.host.Secret(ctx, &pluginpb.SecretRequest{Context: c.context, Name: name})
	if err != nil {
		return "", fmt.Errorf("read the secret %s at the host: %w", name, err)
	}
	return answer.GetValue(), errorFromWire(answer.GetError())
}
