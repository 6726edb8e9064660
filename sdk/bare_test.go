package sdk_test

import (
	"context"
	"testing"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// bare is the wire alone: a plugin within the test's process, and what a test
// wants its host to answer.
type bare struct {
	*sdk.Transport
	host pluginpb.HostServer
}

// serve returns what a host sees of a plugin.
func serve(t *testing.T, p sdk.Plugin, host pluginpb.HostServer) pluginpb.PluginClient {
	t.Helper()
	transport, err := sdk.NewTransport(p, func() {})
	if err != nil {
		t.Fatal(err)
	}
	client, _ := goplugin.TestPluginGRPCConn(t, false, goplugin.PluginSet{pluginpb.Service: &bare{transport, host}})
	t.Cleanup(func() { _ = client.Close() }) // asks the plugin to stop, which answers by stopping
	plugin, err := client.Dispense(pluginpb.Service)
	if err != nil {
		t.Fatal(err)
	}
	return plugin.(pluginpb.PluginClient)
}

func (b *bare) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	go broker.AcceptAndServe(pluginpb.HostService, func(options []grpc.ServerOption) *grpc.Server {
		s := grpc.NewServer(options...)
		pluginpb.RegisterHostServer(s, b.host)
		return s
	})
	return pluginpb.NewPluginClient(conn), nil
}

// silent is a host that answers nothing.
type silent struct {
	pluginpb.UnimplementedHostServer
}
