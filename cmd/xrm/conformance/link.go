package conformance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// startTimeout is what the host allows from start to lifeline.
const startTimeout = 10 * time.Second

// hello is the handshake, taken apart.
type hello struct {
	line        string
	socket      string
	certificate *x509.Certificate
}

// link is a plugin that runs, and the connections to and from it.
type link struct {
	process *process
	hello   hello
	dir     string // holds the sockets
	own     *identity

	conn     *grpc.ClientConn
	plugin   pluginpb.PluginClient
	first    *pluginpb.Health
	cut      context.CancelFunc // ends the lifeline
	lifeline chan error         // has an error when the plugin has ended it
	callback *grpc.Server
}

// start does what the host does: handshake, the way back, lifeline.
func start(ctx context.Context, p Program, own *identity, h *host) (*link, error) {
	l, err := greet(ctx, p, own)
	if err != nil {
		return nil, err
	}
	if err = l.open(ctx, h); err == nil {
		return l, nil
	}
	if l.process.endsWithin(200 * time.Millisecond) {
		err = l.process.fate() // which says more than the broken connection
	}
	l.close()
	return nil, err
}

// greet starts the program and reads its handshake.
func greet(ctx context.Context, p Program, own *identity) (*link, error) {
	l := &link{own: own}
	var err error
	if l.dir, err = os.MkdirTemp("", "xrm-"); err != nil {
		return nil, fmt.Errorf("make the directory for sockets: %w", err)
	}
	l.process, err = launch(p,
		pluginpb.CookieKey+"="+pluginpb.CookieValue,
		fmt.Sprintf("PLUGIN_PROTOCOL_VERSIONS=%d", pluginpb.Protocol),
		"PLUGIN_UNIX_SOCKET_DIR="+l.dir,
		"PLUGIN_CLIENT_CERT="+string(own.pem))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(l.dir))
	}
	select {
	case line, ok := <-l.process.hello:
		if !ok {
			err := l.process.fate()
			l.close()
			return nil, fmt.Errorf("no handshake on standard output: %w", err)
		}
		l.hello = readHello(line)
		return l, nil
	case <-ctx.Done():
		words := l.process.words()
		l.close()
		return nil, errors.New(strings.TrimSpace("no handshake on standard output within " + startTimeout.String() + "\n" + words))
	}
}

// readHello takes from the line what can be understood.
func readHello(line string) hello {
	h := hello{line: line}
	parts := strings.Split(line, "|")
	if len(parts) < 6 {
		return h
	}
	h.socket = parts[3]
	if encoded, err := base64.RawStdEncoding.DecodeString(parts[5]); err == nil {
		h.certificate, _ = x509.ParseCertificate(encoded) // nil is looked at later
	}
	return h
}

func (l *link) open(ctx context.Context, h *host) error {
	if l.hello.certificate == nil {
		return fmt.Errorf("a handshake without a certificate: %.200q", l.hello.line)
	}
	var err error
	if l.conn, err = l.dial(l.own); err != nil {
		return err
	}
	l.plugin = pluginpb.NewPluginClient(l.conn)
	if err := l.serve(ctx, h); err != nil {
		return err
	}
	var watching context.Context
	watching, l.cut = context.WithCancel(context.Background())
	stop := context.AfterFunc(ctx, l.cut)
	watch, err := l.plugin.Watch(watching, &pluginpb.WatchRequest{})
	if err == nil {
		l.first, err = watch.Recv()
	}
	if !stop() || err != nil {
		return fmt.Errorf("no Health over Watch: %w", err)
	}
	l.lifeline = make(chan error, 1)
	go func() {
		for err == nil {
			_, err = watch.Recv()
		}
		l.lifeline <- err
	}()
	return nil
}

// dial connects to the plugin as somebody.
func (l *link) dial(as *identity) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix:"+l.hello.socket,
		grpc.WithTransportCredentials(credentials.NewTLS(l.tls(as))),
		grpc.WithAuthority("localhost"),
		grpc.WithIdleTimeout(0),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(pluginpb.MaxMessage)))
}

// tls trusts the plugin's certificate alone, in both directions.
func (l *link) tls(as *identity) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(l.hello.certificate)
	return &tls.Config{
		Certificates: []tls.Certificate{as.Certificate}, ServerName: "localhost", MinVersion: tls.VersionTLS12,
		RootCAs: pool, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}
}

// serve offers the callbacks, and tells the plugin through go-plugin's broker
// where.
func (l *link) serve(ctx context.Context, h *host) error {
	listener, err := net.Listen("unix", filepath.Join(l.dir, "host"))
	if err != nil {
		return fmt.Errorf("listen for callbacks: %w", err)
	}
	l.callback = grpc.NewServer(grpc.Creds(credentials.NewTLS(l.tls(l.own))), grpc.MaxRecvMsgSize(pluginpb.MaxMessage))
	pluginpb.RegisterHostServer(l.callback, h)
	go func() { _ = l.callback.Serve(listener) }() // until close
	stream, err := l.conn.NewStream(context.Background(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/plugin.GRPCBroker/StartStream")
	if err != nil {
		return fmt.Errorf("open the broker: %w", err)
	}
	if err := stream.SendMsg(connInfo(pluginpb.HostService, listener.Addr().String())); err != nil {
		return fmt.Errorf("tell the plugin where the host listens: %w", err)
	}
	return ctx.Err()
}

// connInfo is the message plugin.ConnInfo of sdk/pluginpb/goplugin.proto, whose
// Go type go-plugin keeps to itself.
func connInfo(service uint64, address string) *emptypb.Empty {
	var b []byte
	b = protowire.AppendVarint(protowire.AppendTag(b, 1, protowire.VarintType), service)
	b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), "unix")
	b = protowire.AppendString(protowire.AppendTag(b, 3, protowire.BytesType), address)
	message := &emptypb.Empty{}
	message.ProtoReflect().SetUnknown(b)
	return message
}

// health asks what the host asks every few seconds.
func (l *link) health(ctx context.Context, conn *grpc.ClientConn) (grpc_health_v1.HealthCheckResponse_ServingStatus, error) {
	answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	return answer.GetStatus(), err
}

// shutdown asks the process to end.
func (l *link) shutdown(ctx context.Context) error {
	return l.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
}

// alive says why the plugin cannot be asked any more, or nil.
func (l *link) alive() error {
	if !l.process.running() {
		return l.process.fate()
	}
	select {
	case err := <-l.lifeline:
		l.lifeline <- err
		if l.process.endsWithin(200 * time.Millisecond) {
			return l.process.fate()
		}
		return fmt.Errorf("the plugin closed its lifeline: %w", err)
	default:
		return nil
	}
}

// close leaves nothing of the plugin behind.
func (l *link) close() {
	l.process.kill()
	if l.cut != nil {
		l.cut()
	}
	if l.conn != nil {
		_ = l.conn.Close() // the other end is gone
	}
	if l.callback != nil {
		l.callback.Stop()
	}
	_ = os.RemoveAll(l.dir) // it lies among the temporary files
}
