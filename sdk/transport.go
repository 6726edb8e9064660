package sdk

import (
	"context"
	"errors"
	"fmt"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
)

// Transport serves a Plugin over go-plugin. Serve and plugintest use it;
// authors need not.
type Transport struct {
	goplugin.NetRPCUnsupportedPlugin
	server *server
}

var _ goplugin.GRPCPlugin = (*Transport)(nil)

// NewTransport checks the literal, and returns every mistake in it at once.
// hostGone is called when the host has gone.
func NewTransport(p Plugin, hostGone func()) (*Transport, error) {
	description, err := describe(p)
	if err != nil {
		return nil, fmt.Errorf("plugin %s:\n%w", p.Name, err)
	}
	return &Transport{server: &server{plugin: p, description: description, hostGone: hostGone}}, nil
}

// Description is what the plugin tells the host of itself.
func (t *Transport) Description() *pluginpb.DescribeResponse { return t.server.description }

// GRPCServer registers the plugin. The connection back to the host is made
// when the host opens Watch.
func (t *Transport) GRPCServer(broker *goplugin.GRPCBroker, s *grpc.Server) error {
	t.server.connect = func() (pluginpb.HostClient, error) {
		conn, err := broker.DialWithOptions(pluginpb.HostService,
			grpc.WithIdleTimeout(0), // a socket that went idle could not be dialed again once its file is gone
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginpb.MaxMessage)))
		if err != nil {
			return nil, err
		}
		return pluginpb.NewHostClient(conn), nil
	}
	pluginpb.RegisterPluginServer(s, t.server)
	return nil
}

// GRPCClient is the host's side, which is not part of the SDK.
func (t *Transport) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("the sdk serves plugins; the host's side is elsewhere")
}
