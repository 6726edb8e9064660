package plugintest

import (
	"io/fs"
	"net"
	"testing"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Attach is Start for a plugin that runs elsewhere, in whatever language. It serves gRPC
// at one unix socket, without TLS, and finds the host at the other. plugin.yaml is looked
// for in the folder in which the host runs.
func Attach(t testing.TB, plugin, host string, others ...fs.FS) *Host {
	t.Helper()
	h := newHost(t)
	listener, err := net.Listen("unix", host)
	if err != nil {
		t.Fatalf("listen for the plugin: %v", err)
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(pluginpb.MaxMessage))
	pluginpb.RegisterHostServer(server, &callbacks{Host: h})
	go func() { _ = server.Serve(listener) }() // until it is stopped
	conn, err := grpc.NewClient("unix:"+plugin, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginpb.MaxMessage)))
	if err != nil {
		t.Fatalf("connect to the plugin: %v", err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
	})
	h.plugin = pluginpb.NewPluginClient(conn)
	h.open(others)
	h.elsewhere(h.description.GetServices())
	return h
}
