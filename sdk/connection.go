package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// HTTP implements Host.
func (c caller) HTTP() *http.Client { return &http.Client{Transport: fetcher{c}} }

// fetcher lets the host send requests.
type fetcher struct{ caller }

// RoundTrip implements http.RoundTripper.
func (f fetcher) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, end := context.WithCancel(r.Context())
	stream, err := f.host.Fetch(ctx)
	if err != nil {
		end()
		return nil, fmt.Errorf("ask the host to send a request: %w", err)
	}
	head := &pluginpb.HTTPRequestHead{Context: f.context, Method: r.Method, Target: r.URL.String()}
	return httpwire.Ask(stream, head, r, end, errorFromWire)
}

// Dial implements Host.
func (c caller) Dial(ctx context.Context, name string) (net.Conn, error) {
	ctx, end := context.WithCancel(ctx)
	stream, err := c.host.Dial(ctx)
	if err == nil {
		err = stream.Send(&pluginpb.DialRequest{Part: &pluginpb.DialRequest_To{To: &pluginpb.DialTo{Context: c.context, Name: name}}})
	}
	var first *pluginpb.DialResponse
	if err == nil {
		first, err = stream.Recv()
	}
	if err == nil && first.GetError() != nil {
		err = errorFromWire(first.GetError())
	} else if err != nil {
		err = fmt.Errorf("ask the host for the connection %s: %w", name, err)
	}
	if err != nil {
		end()
		return nil, err
	}
	ours, carried := net.Pipe()
	conn := &connection{Conn: ours, remote: remote(first.GetOpened().GetAddress())}
	go func() {
		defer end()
		_ = httpwire.Send(carried, func(part []byte) error {
			return stream.Send(&pluginpb.DialRequest{Part: &pluginpb.DialRequest_Data{Data: part}})
		})
	}()
	go func() {
		defer func() { _ = carried.Close() }()
		for {
			part, err := stream.Recv()
			if err == nil {
				err = errorFromWire(part.GetError())
			}
			if err != nil {
				conn.end(err)
				return
			}
			if _, err := carried.Write(part.GetData()); err != nil {
				return
			}
		}
	}()
	return conn, nil
}

// connection is a connection that the host carries.
type connection struct {
	net.Conn
	remote remote
	broken atomic.Pointer[error] // nil while it stands, and after an end that the other side wanted
}

func (c *connection) end(err error) {
	if !errors.Is(err, io.EOF) {
		c.broken.Store(&err)
	}
}

// Read implements net.Conn. What breaks off does not pass for what has ended.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if broken := c.broken.Load(); broken != nil && errors.Is(err, io.EOF) {
		err = *broken
	}
	return n, err
}

// RemoteAddr returns the address as it was approved.
func (c *connection) RemoteAddr() net.Addr { return c.remote }

// remote is HOST:PORT.
type remote string

// Network implements net.Addr.
func (remote) Network() string { return "tcp" }

// String implements net.Addr.
func (r remote) String() string { return string(r) }
