package pluginhost

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// link is the connection to one running process.
type link struct {
	goplugin.NetRPCUnsupportedPlugin

	callbacks func(...grpc.ServerOption) *grpc.Server
	server    *grpc.Server // of callbacks; nil before the connection stands
	config    *goplugin.ClientConfig
	client    *goplugin.Client
	process   *process

	plugin pluginpb.PluginClient
	health grpc_health_v1.HealthClient
	watch  pluginpb.Plugin_WatchClient
	hello  *pluginpb.Health   // the first that came over watch
	unlink context.CancelFunc // ends watch

	configSchema []byte // that the plugin has described
	generation   atomic.Int64

	calls    gate // that no other call has caused
	outside  gate // those of them that anybody may make
	caused   gate // by other calls: they wait for nobody, who may wait for them
	breakers breakers
	failed   failedCalls
	flood    flood // of what is logged about its calls

	streams    gate            // for subscriptions, which last
	streaming  context.Context // ends them
	endStreams context.CancelFunc
	hearing    hearing
}

var _ goplugin.GRPCPlugin = (*link)(nil)

// connect starts a process and returns when it has said hello and opened its
// lifeline. When that has not happened by the deadline of ctx, or fails, the
// process is killed and nothing of it is left.
func connect(ctx context.Context, p *process, runDir string, callbacks func(...grpc.ServerOption) *grpc.Server) (*link, error) {
	l := &link{callbacks: callbacks, process: p}
	l.streaming, l.endStreams = context.WithCancel(context.Background())
	deadline, _ := ctx.Deadline()
	l.config = &goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: pluginpb.Protocol, MagicCookieKey: pluginpb.CookieKey, MagicCookieValue: pluginpb.CookieValue,
		},
		Plugins: goplugin.PluginSet{pluginpb.Service: l},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, socketDir string) (runner.Runner, error) {
			l.process.prepare(spec, socketDir)
			return l.process, nil
		},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     time.Until(deadline) + time.Second, // ours comes first, with the better reason
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: runDir},
		Logger:           hclog.NewNullLogger(), // what matters is in Status
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithIdleTimeout(0), // a socket that went idle could not be dialed again once its file is gone
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginpb.MaxMessage)),
			grpc.WithUnaryInterceptor(wordUnary), grpc.WithStreamInterceptor(wordStream),
		},
	}
	l.client = goplugin.NewClient(l.config)
	stop := context.AfterFunc(ctx, func() { l.process.kill(errNotReady) })
	err := l.open()
	if stop(); err == nil && ctx.Err() == nil {
		return l, nil
	}
	started := l.process.ID() != ""
	if started && l.process.endsWithin(lastMoment) {
		err = nil // the end of the process says more than the broken connection
	}
	l.close()
	if started {
		err = l.process.fate(err)
	}
	return nil, err
}

var errNotReady = errors.New("it was not ready in time")

// open does everything that can hang; killing the process unblocks it.
func (l *link) open() error {
	protocol, err := l.client.Client()
	if err != nil {
		return err
	}
	if _, err := protocol.Dispense(pluginpb.Service); err != nil {
		return err
	}
	watching, unlink := context.WithCancel(context.Background())
	l.unlink = unlink
	if l.watch, err = l.plugin.Watch(watching, &pluginpb.WatchRequest{}); err != nil {
		return err
	}
	if l.hello, err = l.watch.Recv(); errors.Is(err, io.EOF) {
		return errors.New("it ended its lifeline (Watch) instead of saying how it is; leave it open until the host ends it")
	}
	return err
}

// GRPCClient implements goplugin.GRPCPlugin: it serves the callbacks. The broker
// would do so by itself, to any number of connections.
func (l *link) GRPCClient(_ context.Context, broker *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	l.server = l.callbacks(grpc.Creds(credentials.NewTLS(l.config.TLSConfig)))
	go func() {
		if listener, err := broker.Accept(pluginpb.HostService); err == nil { // or the process has ended, which others notice
			_ = l.server.Serve(netutil.LimitListener(listener, maxConnections)) // until close
		}
	}()
	l.plugin = pluginpb.NewPluginClient(conn)
	l.health = grpc_health_v1.NewHealthClient(conn)
	return l, nil
}

// GRPCServer implements goplugin.GRPCPlugin.
func (l *link) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host does not serve plugins")
}

// ping asks whether the plugin answers at all.
func (l *link) ping(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := l.health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	return err
}

// drain lets the running calls end, ends the subscriptions, and lets no new ones
// in.
func (l *link) drain(timeout time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	l.endStreams()
	l.streams.close(ctx)
	l.outside.close(ctx)
	l.calls.close(ctx)
	l.caused.close(ctx)
	_, _ = l.plugin.Drain(ctx, &pluginpb.DrainRequest{}) // it is stopped either way
}

// close ends the process, by force when it does not end by itself, and frees
// all that belongs to it.
func (l *link) close() {
	const patience = 2 * time.Second
	watchdog := time.AfterFunc(patience, func() { l.process.kill(nil) })
	defer watchdog.Stop()
	l.client.Kill()
	if l.server != nil {
		l.server.Stop()
	}
	l.endStreams()
	if l.unlink != nil {
		l.unlink()
	}
	l.process.socket.close()
	if l.process.dir != "" {
		_ = remove(l.process.dir)
	}
}
