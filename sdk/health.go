package sdk

import (
	"context"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

const (
	checkEvery   = 10 * time.Second
	checkTimeout = 5 * time.Second
)

// report says at once how the plugin is doing, and again when that changes,
// until the host has gone.
func (s *server) report(stream pluginpb.Plugin_WatchServer) error {
	ctx := stream.Context()
	last := &pluginpb.Health{State: pluginpb.Health_SERVING}
	if err := stream.Send(last); err != nil {
		return err
	}
	if s.plugin.Check == nil {
		<-ctx.Done()
		return nil
	}
	for ticks := time.Tick(checkEvery); ; {
		health := s.health(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if health.GetState() != last.GetState() || health.GetReason() != last.GetReason() {
			if err := stream.Send(health); err != nil {
				return err
			}
			last = health
		}
		select {
		case <-ticks:
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *server) health(ctx context.Context) *pluginpb.Health {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if err := s.plugin.Check(ctx); err != nil {
		return &pluginpb.Health{State: pluginpb.Health_DEGRADED, Reason: err.Error()}
	}
	return &pluginpb.Health{State: pluginpb.Health_SERVING}
}
