package sdk_test

import (
	"context"
	"testing"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// draining is a host that begins to drain the plugin while it saves a record,
// which the plugin has a rule for.
type draining struct {
	pluginpb.UnimplementedHostServer
	plugin  pluginpb.PluginClient
	drained chan error
}

func (d *draining) Save(ctx context.Context, _ *pluginpb.SaveRequest) (*pluginpb.SaveResponse, error) {
	go func() {
		_, err := d.plugin.Drain(context.WithoutCancel(ctx), &pluginpb.DrainRequest{})
		d.drained <- err
	}()
	for range 100 { // in one of these the plugin is already draining
		ticket := &pluginpb.Record{Entity: "ticket", Id: "t1"}
		if _, err := d.plugin.BeforeSave(ctx, &pluginpb.BeforeSaveRequest{Changes: []*pluginpb.Change{{After: ticket}}}); err != nil {
			return nil, err
		}
	}
	select {
	case <-d.drained:
		return &pluginpb.SaveResponse{Error: &pluginpb.Error{Code: sdk.CodeInternal, Message: "drained while a call runs"}}, nil
	default:
		return &pluginpb.SaveResponse{Record: &pluginpb.Record{Entity: "ticket", Id: "t1"}}, nil
	}
}

func TestACallThatRunsIsCompletedWhileThePluginDrains(t *testing.T) {
	host := &draining{drained: make(chan error, 1)}
	host.plugin = serve(t, sdk.Plugin{
		Name: "ticket", Version: "1",
		BeforeSave: map[string]sdk.SaveFunc{"ticket": func(context.Context, sdk.Host, *sdk.Record) error { return nil }},
		Operations: []sdk.Operation{sdk.Mutation("open", func(ctx context.Context, host sdk.Host, _ struct{}) (sdk.ID, error) {
			ticket, err := host.Create(ctx, &sdk.Record{Entity: "ticket"})
			if err != nil {
				return "", err
			}
			return sdk.ID(ticket.ID), nil
		})},
	}, host)
	answer, err := host.plugin.Call(t.Context(), &pluginpb.CallRequest{Operation: "open", Arguments: []byte(`{}`)})
	if err != nil || string(answer.GetResult()) != `"t1"` {
		t.Errorf("open = %v, %v; want t1", answer, err)
	}
	if err := <-host.drained; err != nil {
		t.Errorf("drain: %v", err)
	}
}
