package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

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
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, fmt.Errorf("ask the host to send a request: %w", err)
	}
	head := &pluginpb.HTTPRequestHead{Context: f.context, Method: r.Method, Target: r.URL.String()}
	return httpwire.Ask(stream, head, r, end, errorFromWire)
}

// linger is how long the host may take to pass on what was written before a connection
// was closed.
const linger = 5 * time.Second

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
	conn := &connection{Conn: ours, ended: make(chan struct{}), remote: remote(first.GetOpened().GetAddress())}
	context.AfterFunc(ctx, func() { _ = carried.Close() })
	go func() { // what was written before the end arrives
		_ = httpwire.Send(carried, func(part []byte) error {
			return stream.Send(&pluginpb.DialRequest{Part: &pluginpb.DialRequest_Data{Data: part}})
		})
		_ = stream.CloseSend() // it never fails
		time.AfterFunc(linger, end)
	}()
	go func() {
		defer close(conn.ended)
		defer end()
		var read error // by whoever has the connection
		for {
			part, err := stream.Recv()
			if err == nil {
				err = errorFromWire(part.GetError())
			}
			if err != nil {
				conn.end(err)
				_ = carried.Close()
				return
			}
			if read == nil {
				_, read = carried.Write(part.GetData())
			}
		}
	}()
	return conn, nil
}

// connection is a connection that the host carries.
type connection struct {
	net.Conn
	remote remote
	ended  chan struct{}         // closed when nothing is on its way any more
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

// Close returns when the host has passed on what was written.
func (c *connection) Close() error {
	err := c.Conn.Close()
	<-c.ended // after linger at the latest
	return err
}

// RemoteAddr returns the address as it was approved.
func (c *connection) RemoteAddr() net.Addr { return c.remote }

// remote is HOST:PORT.
type remote string

// Network implements net.Addr.
func (remote) Network() string { return "tcp" }

// String implements net.Addr.
func (r remote) String() string { return string(r) }
