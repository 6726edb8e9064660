package plugintest

import (
	"context"
	"testing"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// connect serves the plugin and dials it, both within this process.
func connect(t testing.TB, w *wire) {
	t.Helper()
	handshake := goplugin.HandshakeConfig{ProtocolVersion: pluginpb.Protocol, MagicCookieKey: pluginpb.CookieKey, MagicCookieValue: pluginpb.CookieValue}
	plugins := goplugin.PluginSet{pluginpb.Service: w}
	serving, stop := context.WithCancel(context.Background())
	address, stopped := make(chan *goplugin.ReattachConfig, 1), make(chan struct{})
	go goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake, Plugins: plugins, Logger: hclog.NewNullLogger(),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(pluginpb.MaxMessage))...)
		},
		Test: &goplugin.ServeTestConfig{Context: serving, ReattachConfigCh: address, CloseCh: stopped},
	})
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: handshake, Plugins: plugins, Logger: hclog.NewNullLogger(),
		Reattach: <-address, AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
	})
	protocol, err := client.Client()
	if err != nil {
		t.Fatalf("connect to the plugin: %v", err)
	}
	t.Cleanup(func() {
		_ = protocol.Close() // asks the plugin to stop, which answers by stopping
		<-stopped
		stop()
	})
	if _, err := protocol.Dispense(pluginpb.Service); err != nil {
		t.Fatalf("connect to the plugin: %v", err)
	}
}

// wire is both ends of the connection.
type wire struct {
	*sdk.Transport
	host *Host
}

func (w *wire) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	go broker.AcceptAndServe(pluginpb.HostService, func(options []grpc.ServerOption) *grpc.Server {
		s := grpc.NewServer(append(options, grpc.MaxRecvMsgSize(pluginpb.MaxMessage))...)
		pluginpb.RegisterHostServer(s, &callbacks{Host: w.host})
		return s
	})
	w.host.plugin = pluginpb.NewPluginClient(conn)
	return w.host, nil
}
